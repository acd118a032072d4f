import type { Notice } from '../../api.js';
import { objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { environmentOf, firstOf, idOf, lookUp, severityOf, textsOf } from './normalize.js';

const STATES: Readonly<Record<string, Notice['state']>> = { trigger: 'firing', resolve: 'resolved' };
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
  setupGuide: [
    'For tools that can only page PagerDuty: give them the `ingestUrl` of the connect response instead of',
    '`https://events.pagerduty.com/v2/enqueue`. The routing key is not looked at: the address itself is the secret.',
  ].join('\n'),
  notices: (body) => {
    const event = objectOf(body);
    const state = lookUp(STATES, event['event_action']);
    const payload = textsOf(event['payload']);
    const details = textsOf(objectOf(event['payload'])['custom_details']);
    const known = idOf({ summary: payload['summary'] ?? '', source: payload['source'] ?? '' });
    if (state === undefined) return [];
    return [
      {
        state,
        sourceAlertId: textOf(event['dedup_key']) ?? known,
        title: payload['summary'] ?? '',
        description: payload['summary'] ?? '',
        severity: lookUp(SEVERITIES, payload['severity']) ?? severityOf(payload['severity'], 'medium'),
        service: firstOf(payload, ['component', 'group']) ?? null,
        environment: environmentOf(details),
        tags: Object.fromEntries(
          ['source', 'component', 'group', 'class'].flatMap((name) => (payload[name] ? [[name, payload[name]]] : [])),
        ),
        metadata: { ...details, ...(textOf(event['client_url']) && { client_url: String(event['client_url']) }) },
      },
    ];
  },
}); // prettier-ignore
