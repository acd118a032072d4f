import type { Deploy } from '../provider.js';
import { momentOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { secretInHeader } from './signatures.js';
import { textsOf } from './normalize.js';

/** Deployments of GitLab's projects and groups, by its webhooks. */
export const gitlab = signedAlertSource({
  provider: 'gitlab',
  displayName: 'GitLab',
  config: AlertSourceConfig,
  setupGuide: [
    'Settings, Webhooks, Add new webhook: the URL is the `ingestUrl` of the connect response, the trigger is Deployment events. Its',
    'secret token goes here as `signingSecret`. What was deployed with success is recorded as a change of the service that has the',
    'name of the project, and of the environment.',
  ].join('\n'),
  verify: secretInHeader('x-gitlab-token'),
  deploys: (body) => deploysOf(objectOf(body)),
});

function deploysOf(event: Readonly<Record<string, unknown>>): Deploy[] {
  const fields = textsOf(event);
  const project = textsOf(event['project']);
  const [where, id] = [project['path_with_namespace'], fields['deployment_id']];
  const service = textOf(where?.split('/').at(-1));
  if (event['object_kind'] !== 'deployment' || fields['status'] !== 'success') return [];
  if (service === undefined || id === undefined) return [];
  return [
    {
      sourceChangeId: `gitlab/${where}/${id}`,
      service,
      environment: textOf(fields['environment']) ?? null,
      version: textOf(fields['short_sha']) ?? null,
      summary: `Deployed ${[fields['ref'], fields['commit_title']].filter(Boolean).join(': ')}`,
      url: textOf(fields['deployable_url']) ?? null,
      occurredAt: momentOf(fields['status_changed_at']),
    },
  ];
}
