import type { Notice } from '../../api.js';
import { objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { environmentOf, firstOf, idOf, lookUp, onlyOf, severityOf, textsOf } from './normalize.js';

const STATES: States = { trigger: 'firing', resolve: 'resolved' };
const SEVERITIES: Readonly<Record<string, Notice['severity']>> = {
  critical: 'critical',
  error: 'high',
  warning: 'medium',
  info: 'info',
};

/** Whatever can send events to PagerDuty (Events API v2, PD-CEF) can send them here instead. */
export const pagerdutyEvents = alertSource({
  provider: 'pagerduty_events_v2',
  displayName: 'PagerDuty events (v2)',
  // A dedup key is chosen by the sender. PagerDuty itself compares those of one integration only.
  idsUniquePer: 'integration',
  setupGuide: [
    'For tools that can only page PagerDuty: give them the `ingestUrl` of the connect response instead of',
    '`https://events.pagerduty.com/v2/enqueue`. The routing key is not looked at: the address itself is the secret.',
  ].join('\n'),
  notices: (body) => {
    const event = objectOf(body);
    const state = lookUp(STATES, event['event_action']);
    const payload = textsOf(event['payload']);
    const details = textsOf(objectOf(event['payload'])['custom_details']);
    const { summary = '', source = '' } = payload;
    return noticeOf({
      state,
      sourceAlertId: firstOf(textsOf(event), ['dedup_key']) ?? (summary || source ? idOf({ summary, source }) : undefined),
      title: summary,
      severity: lookUp(SEVERITIES, payload['severity']) ?? severityOf(payload['severity'], 'medium'),
      service: firstOf(payload, ['component', 'group']),
      environment: environmentOf(details),
      tags: onlyOf(payload, ['source', 'component', 'group', 'class']),
      metadata: { ...details, ...(textOf(event['client_url']) && { client_url: String(event['client_url']) }) },
    });
  },
}); // prettier-ignore
