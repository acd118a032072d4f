import type { Deploy } from '../provider.js';
import { listOf, momentOf, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { environmentOf, textsOf } from './normalize.js';

/** Syncs of Argo CD's applications, by its notifications. */
export const argocd = alertSource({
  provider: 'argocd',
  displayName: 'Argo CD',
  setupGuide: [
    'In the ConfigMap `argocd-notifications-cm`, with the `ingestUrl` of the connect response:',
    '',
    '    service.webhook.causeflow: |',
    '      url: <ingestUrl>',
    '      headers: [{ name: Content-Type, value: application/json }]',
    '    template.causeflow: |',
    '      webhook:',
    '        causeflow: { method: POST, body: "{{toJson .app}}" }',
    '    trigger.causeflow: |',
    "      - when: app.status.operationState.phase in ['Succeeded']",
    '        oncePer: app.status.operationState.finishedAt',
    '        send: [causeflow]',
    '',
    'and on each application `notifications.argoproj.io/subscribe.causeflow.causeflow: ""`. With an `Authorization` header there, give the',
    'same `bearerToken` here. The service is the label `app.kubernetes.io/name`, else the name of the application; the environment the',
    'label `environment` or `env`.',
  ].join('\n'),
  deploys: (body) => deploysOf(objectOf(body)),
});

function deploysOf(app: Readonly<Record<string, unknown>>): Deploy[] {
  const metadata = objectOf(app['metadata']);
  const labels = textsOf(metadata['labels']);
  const operation = objectOf(objectOf(app['status'])['operationState']);
  const result = objectOf(operation['syncResult']);
  const name = textOf(metadata['name']);
  const revision = textOf(result['revision']) ?? textOf(listOf(result['revisions'])[0]);
  const finishedAt = textOf(operation['finishedAt']);
  if (operation['phase'] !== 'Succeeded' || name === undefined || finishedAt === undefined) return [];
  return [
    {
      sourceChangeId: `argocd/${textOf(metadata['uid']) ?? name}/${finishedAt}`,
      service: textOf(labels['app.kubernetes.io/name']) ?? name,
      environment: environmentOf(labels),
      version: revision ?? null,
      summary: `Synced ${name}${revision === undefined ? '' : ` to ${revision}`}`,
      url: textOf(objectOf(objectOf(app['spec'])['source'])['repoURL']) ?? null,
      occurredAt: momentOf(finishedAt),
    },
  ];
}
