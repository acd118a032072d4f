import type { RestEndpointMethodTypes } from '@octokit/rest';
import { idNamed } from '#kernel/domain/ids';
import type { EvidenceQuestion, PulledRow } from '../../api.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { signedInHex } from '../alert-sources/signatures.js';
import { partOf } from '../part-of.js';
import { objectOf } from '../read-json.js';
import { GithubConfig, GithubCredentials, type GithubRepository } from './config.js';
import { type Github, githubOf } from './octokit.js';
import { deploymentName, nameOf, serviceIn } from './names.js';
import { reportedAlerts } from './reported-alerts.js';
import { reportedDeploys } from './reported-deploys.js';

const CHANGES_BEFORE_ALERT = 6 * 60 * 60_000;
const MAX_LISTED = 30;
/** Limit for one repository: each diff is a call of its own. */
const MAX_DIFFS = 10;
const MAX_DIFF = 32_000;
const SHA = /^[0-9a-f]{40,64}$/;

type Commit = RestEndpointMethodTypes['repos']['getCommit']['response']['data'];

export const github: Provider<GithubConfig, GithubCredentials> = {
  provider: 'github',
  displayName: 'GitHub',
  category: 'code',
  capabilities: ['evidence', 'alerts', 'deploys'],
  authType: 'token',
  config: GithubConfig,
  credentials: GithubCredentials,
  setupGuide: [
    '1. Create a fine-grained personal access token for the repositories with read access to Contents, Deployments and Actions.',
    '2. `repositories` maps repositories to services. `service` defaults to the name of the repository.',
    '3. For GitHub Enterprise Server, `url` is `https://<host>/api/v3`.',
    '4. To record deployments when they happen: Settings, Webhooks, Add webhook. The payload URL is the',
    '   `ingestUrl` of the connection, the content type application/json, the event Deployment statuses. Enter its secret as',
    '   `webhookSecret`.',
    '5. To have alerts open incidents, select the events Check runs or Dependabot alerts for the same webhook. A check that fails is an',
    '   alert of its branch until it succeeds there: medium on the default branch, low on others.',
  ].join('\n'),

  async probe({ config, credentials }, outside) {
    const github = await githubOf({ config, credentials }, outside);
    for (const where of config.repositories) {
      const { data } = await github.repos.get(nameOf(where));
      if (objectOf(data)['full_name'] === undefined)
        throw new ProviderError('The URL responds, but not like the API of GitHub.');
    }
  },

  evidence: { pull },

  webhooks: {
    mediaTypes: ['application/x-www-form-urlencoded'],
    verify: ({ credentials: { webhookSecret } }, delivery) =>
      webhookSecret === undefined
        ? undefined
        : signedInHex(webhookSecret, delivery, { header: 'x-hub-signature-256', prefix: 'sha256=' }),
    notices: reportedAlerts,
    deploys: reportedDeploys,
  },
};

async function* pull(
  connection: Connection<GithubConfig, GithubCredentials>,
  { service, alertedAt, to }: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const github = await githubOf(connection, outside, signal);
  const since = new Date(alertedAt.getTime() - CHANGES_BEFORE_ALERT);
  // The last repositories may not be read before the time-out.
  const own = (where: GithubRepository) => Number(serviceIn(where) === service);
  for (const where of [...connection.config.repositories].sort((a, b) => own(b) - own(a))) {
    const scope = { github, where, service: serviceIn(where), since, until: to };
    const parts = [commits, deployments, failedRuns].map((read) => partOf(where.repository, read(scope)));
    for (const answers of await Promise.all(parts)) yield* answers;
  }
}

interface RepositoryQuery {
  readonly github: Github;
  readonly where: GithubRepository;
  readonly service: string;
  readonly since: Date;
  readonly until: Date;
}

async function commits({ github, where, service, since, until }: RepositoryQuery): Promise<SourceAnswer[]> {
  const name = nameOf(where);
  const path = `/repos/${where.repository}/commits`;
  const { data } = await github.repos.listCommits({
    ...name,
    since: since.toISOString(),
    until: until.toISOString(),
    per_page: MAX_LISTED,
  });
  const listed = data.map(({ sha }) => sha).filter((sha) => SHA.test(sha));
  const read = listed.slice(0, MAX_DIFFS);
  const answers = await Promise.all(
    read.map(async (ref): Promise<SourceAnswer[]> => {
      const row = commitRow((await github.repos.getCommit({ ...name, ref })).data, ref, service);
      return [
        { type: 'code_change', query: `GET ${path}/${ref}`, rows: [row] },
        ...(row.diff.length < MAX_DIFF ? [] : [{ missing: `the diff of ${ref} was not read to its end.` }]),
      ];
    }),
  );
  return [...answers.flat(), ...moreThan(listed.length, read.length, `commits of ${where.repository}`)];
}

function commitRow({ commit, html_url: url, files = [] }: Commit, sha: string, service: string) {
  const diff = files.map(({ filename, patch = '' }) => `--- a/${filename}\n+++ b/${filename}\n${patch}`);
  return {
    type: 'code',
    service,
    occurredAt: commit.committer?.date,
    changeId: sha,
    commit: sha,
    summary: commit.message.split('\n', 1)[0],
    paths: files.map(({ filename }) => filename),
    diff: diff.join('\n').slice(0, MAX_DIFF),
    url,
  };
}

async function deployments({
  github,
  where,
  service,
  since,
  until,
}: RepositoryQuery): Promise<SourceAnswer[]> {
  const { data } = await github.repos.listDeployments({ ...nameOf(where), per_page: MAX_LISTED });
  const recent = data.filter(({ created_at: at }) => isWithin(at, since, until));
  const answers = recent.map(
    ({ id, sha, ref, environment, description, created_at: occurredAt }): SourceAnswer => ({
      type: 'deployment',
      query: `GET /repos/${where.repository}/deployments`,
      rows: [
        {
          type: 'deploy',
          service,
          occurredAt,
          // The same id as from the webhook, so that the two are recognized as one deployment.
          changeId: idNamed('chg', deploymentName(where.repository, id)),
          summary: description ?? `Deployed ${ref} to ${environment}`,
          commit: sha,
          version: ref,
          environment,
        },
      ],
    }),
  );
  // Newest first: when a full page is all inside the window, there may be more.
  return recent.length < MAX_LISTED
    ? answers
    : [
        ...answers,
        { missing: `no more than the last ${MAX_LISTED} deployments of ${where.repository} were read.` },
      ];
}

async function failedRuns({
  github,
  where,
  service,
  since,
  until,
}: RepositoryQuery): Promise<SourceAnswer[]> {
  const created = `${since.toISOString()}..${until.toISOString()}`;
  const { data } = await github.actions.listWorkflowRunsForRepo({
    ...nameOf(where),
    status: 'failure',
    created,
    per_page: MAX_LISTED,
  });
  const rows = data.workflow_runs.map(({ name, head_branch, head_sha, html_url, updated_at }): PulledRow => {
    const what = `workflow ${name ?? 'run'} failed on ${head_branch ?? 'a branch'} at ${head_sha} (${html_url})`;
    return { timestamp: updated_at, entity: service, level: 'error', message: what };
  });
  const query = `GET /repos/${where.repository}/actions/runs?status=failure&created=${created}`;
  return [
    ...(rows.length > 0 ? [{ type: 'platform_event', query, rows } as const] : []),
    ...moreThan(data.total_count, rows.length, `failed runs of ${where.repository}`),
  ];
}

function isWithin(moment: string, since: Date, until: Date): boolean {
  const at = Date.parse(moment);
  return at >= since.getTime() && at <= until.getTime();
}

function moreThan(all: number, read: number, what: string): SourceAnswer[] {
  return all > read
    ? [{ missing: `there are ${all} ${what} in the window, of which ${read} were read.` }]
    : [];
}
