import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { signedInHex } from './signatures.js';
import { lookUp, severityOf } from './normalize.js';

const STATES: Readonly<Record<string, Notice['state']>> = {
  'incident.triggered': 'firing',
  'incident.reopened': 'firing',
  'incident.escalated': 'firing',
  'incident.priority_updated': 'firing',
  'incident.resolved': 'resolved',
};
const URGENCIES: Readonly<Record<string, Severity>> = { high: 'high', low: 'low' };

/** PagerDuty's webhooks, version 3. */
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
    const event = objectOf(objectOf(body)['event']);
    const state = lookUp(STATES, event['event_type']);
    return state === undefined ? [] : noticesOf(objectOf(event['data']), state);
  },
});

function noticesOf(incident: Readonly<Record<string, unknown>>, state: Notice['state']): Notice[] {
  const sourceAlertId = textOf(incident['incident_key']) ?? textOf(incident['id']);
  if (sourceAlertId === undefined) return [];
  const title = textOf(incident['title']) ?? '';
  const priority = severityOf(objectOf(incident['priority'])['summary'], undefined);
  const url = textOf(incident['html_url']);
  return [
    {
      state,
      sourceAlertId,
      title,
      description: title,
      severity: priority ?? lookUp(URGENCIES, incident['urgency']) ?? 'medium',
      service: textOf(objectOf(incident['service'])['summary']) ?? null,
      environment: null,
      tags: {},
      metadata: {
        ...(url !== undefined && { url }),
        assignees: listOf(incident['assignees']).map((one) => textOf(objectOf(one)['summary'])).join(', '),
      },
    },
  ]; // prettier-ignore
}
