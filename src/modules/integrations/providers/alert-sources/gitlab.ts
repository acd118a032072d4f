import { constantTimeEquals } from '#kernel/crypto/secrets';
import type { Deploy } from '../provider.js';
import { momentOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { textsOf } from './words.js';

/** Deployments of GitLab's projects and groups, by its webhooks. */
export const gitlab = signedAlertSource({
  provider: 'gitlab',
  displayName: 'GitLab',
  config: AlertSourceConfig,
  setupGuide: [
    'Settings, Webhooks, Add new webhook: the URL is the `ingestUrl` that connecting answers, the trigger is Deployment events. Its',
    'secret token goes here as `signingSecret`. What was deployed with success is recorded as a change of the service that has the',
    'name of the project, and of the environment.',
  ].join('\n'),
  verify: (secret, { headers }) => constantTimeEquals(String(headers['x-gitlab-token'] ?? ''), secret),
  deploys: (body) => deploysOf(objectOf(body)),
});

function deploysOf(event: Readonly<Record<string, unknown>>): Deploy[] {
  const told = textsOf(event);
  const project = textsOf(event['project']);
  const [where, id] = [project['path_with_namespace'], told['deployment_id']];
  const service = textOf(where?.split('/').at(-1));
  if (event['object_kind'] !== 'deployment' || told['status'] !== 'success') return [];
  if (service === undefined || id === undefined) return [];
  return [
    {
      sourceChangeId: `gitlab/${where}/${id}`,
      service,
      environment: textOf(told['environment']) ?? null,
      version: textOf(told['short_sha']) ?? null,
      summary: `Deployed ${[told['ref'], told['commit_title']].filter(Boolean).join(': ')}`,
      url: textOf(told['deployable_url']) ?? null,
      occurredAt: momentOf(told['status_changed_at']),
    },
  ];
}
