import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { environmentOf, firstOf, lookUp, severityOfPriority, textsOf } from './normalize.js';

const STATES: States = {
  Create: 'firing',
  Close: 'resolved',
  Delete: 'resolved',
};

export const opsgenie = alertSource({
  provider: 'opsgenie',
  displayName: 'Opsgenie',
  setupGuide: [
    'Settings, Integrations, Webhook: the URL is the `ingestUrl` of the connect response; send create, close and delete, with',
    'description and details. Priority P1 to P5 is critical to info. The service is `service` of the details, else the entity.',
  ].join('\n'),
  notices: (body) => {
    const { action, alert } = objectOf(body);
    const fields = textsOf(alert);
    const details = textsOf(objectOf(alert)['details']);
    return noticeOf({
      state: lookUp(STATES, action),
      sourceAlertId: firstOf(fields, ['alertId', 'alias']),
      title: fields['message'],
      description: firstOf(fields, ['description']),
      severity: severityOfPriority(fields['priority']),
      service: firstOf(details, ['service']) ?? firstOf(fields, ['entity']),
      environment: environmentOf(details),
      tags: Object.fromEntries(tagsOf(objectOf(alert)['tags']).map((tag) => [tag, 'true'])),
      metadata: details,
    });
  },
});

function tagsOf(tags: unknown): string[] {
  return listOf(tags).flatMap((tag) => Object.values(textsOf({ tag })));
}
