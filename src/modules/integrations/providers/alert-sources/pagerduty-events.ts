import type { Notice } from '../../api.js';
import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { environmentOf, firstOf, idOf, lookUp, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const STATES: States = { trigger: 'firing', resolve: 'resolved' };
const SEVERITIES: Readonly<Record<string, Notice['severity']>> = {
  critical: 'critical',
  error: 'high',
  warning: 'medium',
  info: 'info',
};

/** Whatever can send events to PagerDuty (Events API v2, PD-CEF, or v1) can send them here instead. */
export const pagerdutyEvents = alertSource({
  provider: 'pagerduty_events_v2',
  displayName: 'PagerDuty events (v2)',
  // A dedup key is chosen by the sender. PagerDuty itself compares those of one integration only.
  idsUniquePer: 'integration',
  setupGuide: [
    'For tools that can only page PagerDuty: give them the `ingestUrl` of the connect response instead of',
    '`https://events.pagerduty.com/v2/enqueue`. The routing key is not looked at: the address itself is the secret. The service is the',
    'component, else the group, else `service` of the details. Events of version 1 are understood, too.',
  ].join('\n'),
  notices: (body) => {
    const event = objectOf(body);
    const fields = textsOf(event);
    const payload = textsOf(event['payload']);
    // Version 1 has `event_type`, `incident_key`, `description`, `details` and `contexts`.
    const details = textsOf(objectOf(event['payload'])['custom_details'] ?? event['details']);
    const [link] = listOf(event['links'] ?? event['contexts']).map(textsOf);
    const { summary = fields['description'] ?? '', source = '' } = payload;
    return noticeOf({
      state: lookUp(STATES, firstOf(fields, ['event_action', 'event_type'])),
      sourceAlertId: firstOf(fields, ['dedup_key', 'incident_key']) ?? (summary || source ? idOf({ summary, source }) : undefined),
      title: summary,
      severity: lookUp(SEVERITIES, payload['severity']) ?? severityOf(payload['severity'], 'medium'),
      service: firstOf(payload, ['component', 'group']) ?? serviceOf(details),
      environment: environmentOf(details),
      tags: onlyOf(payload, ['source', 'component', 'group', 'class']),
      metadata: { ...details, ...onlyOf(fields, ['client', 'client_url']), ...(link?.['href'] && { link: link['href'] }) },
    });
  },
}); // prettier-ignore
