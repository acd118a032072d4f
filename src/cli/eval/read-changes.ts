import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, list, optionalText } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

/** Reads commits, deploys and flags, one piece of evidence each. */
export function readChanges({ body }: RawCase): Evidence[] {
  const changes = at(body, 'changes');
  return [
    ...list(at(changes, 'commits')).flatMap((commit, i) =>
      piece('code_change', `commit:${optionalText(commit, 'sha') ?? i}`, 'commits', [
        {
          type: 'code',
          sha: at(commit, 'sha'),
          summary: at(commit, 'message'),
          occurredAt: at(commit, 'timestamp'),
          paths: at(commit, 'files_changed'),
          diff: at(commit, 'diff'),
          service: at(commit, 'service'),
        },
      ]),
    ),
    ...list(at(changes, 'deploys')).flatMap((deploy, i) =>
      piece('deployment', `deploy:${i}`, 'deploys', [
        {
          type: 'deploy',
          id: `deploy:${i}`,
          service: at(deploy, 'service'),
          version: at(deploy, 'version'),
          commit: at(deploy, 'commit_sha'),
          occurredAt: at(deploy, 'timestamp'),
          summary: `deploy ${optionalText(deploy, 'version') ?? ''}`,
        },
      ]),
    ),
    ...list(at(changes, 'flags')).flatMap((flag, i) =>
      piece('config_change', `flag:${i}`, 'flags', [
        {
          type: 'flag',
          id: `flag:${i}`,
          service: at(flag, 'service'),
          summary: `${optionalText(flag, 'flag') ?? 'flag'} ${optionalText(flag, 'change') ?? ''}`,
          occurredAt: at(flag, 'timestamp'),
        },
      ]),
    ),
  ];
}
