import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import {
  environmentOf, firstOf, inLowerCase, lookUp, serviceOf, severityOfPriority, tagsFrom, textsOf,
} from './normalize.js'; // prettier-ignore

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
    'description and details. Priority P1 to P5 is critical to info. Service and environment are `service` and `environment` of the',
    'details, or tags such as `service:checkout`, else the service is the entity.',
  ].join('\n'),
  notices: (body) => {
    const { action, alert } = objectOf(body);
    const fields = textsOf(alert);
    const details = textsOf(objectOf(alert)['details']);
    const named = inLowerCase(details);
    const tags = tagsFrom(tagsOf(objectOf(alert)['tags']));
    return noticeOf({
      state: lookUp(STATES, action),
      sourceAlertId: firstOf(fields, ['alertId', 'alias']),
      title: fields['message'],
      description: firstOf(fields, ['description']),
      severity: severityOfPriority(fields['priority']),
      service: serviceOf(named) ?? serviceOf(tags) ?? firstOf(fields, ['entity']),
      environment: environmentOf(named),
      tags,
      metadata: details,
    });
  },
});

function tagsOf(tags: unknown): string[] {
  return listOf(tags).flatMap((tag) => Object.values(textsOf({ tag })));
}
