import type { Severity } from '#kernel/domain/severity';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { firstOf, lookUp, onlyOf, textsOf } from './normalize.js';

const PRIORITIES: Readonly<Record<string, Severity>> = { 1: 'low', 2: 'medium', 3: 'high', 4: 'critical' };

/** The definition of a notification that someone sent to test it. */
const TEST = /^(?:notification-test|test-dummy)-v\d+$/;

/** HTTP notifications of Graylog. It never tells that an event is over. */
export const graylog = alertSource({
  provider: 'graylog',
  displayName: 'Graylog',
  setupGuide: [
    'Alerts, Notifications, Create: the type is HTTP Notification, the URL is the `ingestUrl` of the connect response, which must be on the',
    'list of allowed URLs. For basic authentication there give the same `username` and `password` here. Then name the notification in each',
    'event definition. An event definition is one alert for each key, and while its incident is open each event adds to it; Graylog does',
    'not tell when an event is over, so a person (or `PATCH /v1/incidents/{incidentId}`) resolves the incident. The priorities are low,',
    'medium, high and critical. Service and environment are fields of the event such as `service` and `env`.',
  ].join('\n'),
  notices: (body) => {
    const fields = textsOf(body);
    const inner = objectOf(objectOf(body)['event']);
    const event = textsOf(inner);
    // The id of the event is another one in each notification.
    const definition = firstOf({ ...event, ...fields }, ['event_definition_id']);
    return noticeOf({
      state: TEST.test(event['event_definition_type'] ?? '') ? undefined : 'firing',
      sourceAlertId: definition && [definition, event['key']].filter(Boolean).join(':'),
      title: firstOf(fields, ['event_definition_title']) ?? event['message'],
      description: firstOf(event, ['message']),
      severity: lookUp(PRIORITIES, event['priority']) ?? 'medium',
      tags: { ...textsOf(inner['group_by_fields']), ...textsOf(inner['fields']) },
      metadata: { ...onlyOf(fields, ['event_definition_description']), ...onlyOf(event, ['id', 'key', 'source', 'timestamp']) },
    });
  },
}); // prettier-ignore
