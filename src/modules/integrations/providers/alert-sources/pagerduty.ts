import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { alertsOf, noticeOf, type States } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, lookUp, onlyOf, severityOf, textsOf } from './normalize.js';

const STATES: States = {
  'incident.triggered': 'firing',
  'incident.reopened': 'firing',
  'incident.escalated': 'firing',
  'incident.priority_updated': 'firing',
  'incident.resolved': 'resolved',
};
/** Before version 3. An acknowledged incident is still open. */
const OLD_STATES: States = {
  'incident.trigger': 'firing',
  'incident.acknowledge': 'firing',
  'incident.unacknowledge': 'firing',
  'incident.escalate': 'firing',
  'incident.resolve': 'resolved',
};
const URGENCIES: Readonly<Record<string, Severity>> = { high: 'high', low: 'low' };

/** PagerDuty's webhooks, version 3 and the batches of those before it. */
export const pagerduty = signedAlertSource({
  provider: 'pagerduty',
  displayName: 'PagerDuty',
  config: AlertSourceConfig,
  setupGuide: [
    'Integrations, Generic Webhooks (v3), New Webhook: the URL is the `ingestUrl` of the connect response, the events are those',
    'of incidents. Its signing secret goes here as `signingSecret`. Priority P1 to P5 is critical to info; without a priority the',
    'urgency counts.',
  ].join('\n'),
  verify: (secret, delivery) =>
    signedInHex(secret, delivery, { header: 'x-pagerduty-signature', prefix: 'v1=' }),
  notices: (body) => {
    const { event, messages } = objectOf(body);
    if (Array.isArray(messages)) return alertsOf(messages, 'messages').flatMap(noticesOfMessage);
    const { event_type: type, data } = objectOf(event);
    return noticesOf(objectOf(data), lookUp(STATES, type));
  },
});

/** The incident is in the `data` in version 1. */
function noticesOfMessage(message: unknown): Notice[] {
  const { type, event = type, data, incident = objectOf(data)['incident'] } = objectOf(message);
  return noticesOf(objectOf(incident), lookUp(OLD_STATES, event));
}

function noticesOf(incident: Readonly<Record<string, unknown>>, state: Notice['state'] | undefined): Notice[] {
  const fields = textsOf(incident);
  const url = firstOf(fields, ['html_url']);
  return noticeOf({
    // The priority of an incident may change after its end.
    state: state && fields['status'] === 'resolved' ? 'resolved' : state,
    // Incidents of different services and integrations may have the same key.
    sourceAlertId: firstOf(fields, ['id', 'incident_key']),
    title: firstOf(fields, ['title']) ?? firstOf(textsOf(incident['trigger_summary_data']), ['subject', 'description']),
    severity:
      severityOf(objectOf(incident['priority'])['summary'], undefined) ??
      lookUp(URGENCIES, incident['urgency']) ?? 'medium',
    service: firstOf(textsOf(incident['service']), ['summary', 'name']),
    metadata: {
      ...(url !== undefined && { url }),
      ...onlyOf(fields, ['incident_key']),
      assignees: listOf(incident['assignees']).map((one) => textOf(objectOf(one)['summary'])).join(', '),
    },
  });
} // prettier-ignore
