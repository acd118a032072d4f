import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { eventsOf, noticeOf } from './notice.js';
import { firstOf, lookUp, onlyOf, textsOf } from './normalize.js';

/** A check can be down and have a bad certificate at the same time: alerts of their own. */
const EVENTS: Readonly<Record<string, readonly [Notice['state'], Severity, about?: string]>> = {
  'check.down': ['firing', 'high'],
  'check.up': ['resolved', 'high'],
  'check.ssl_invalid': ['firing', 'high', 'ssl'],
  'check.ssl_expiration': ['firing', 'low', 'ssl'],
  'check.ssl_valid': ['resolved', 'high', 'ssl'],
  'check.ssl_renewed': ['resolved', 'low', 'ssl'],
  'check.performance_drop': ['firing', 'medium', 'performance'],
};

/** Checks of updown.io, whose bodies are lists of events in the order of time. */
export const updown = alertSource({
  provider: 'updown',
  displayName: 'updown.io',
  setupGuide: [
    'Settings, Webhooks, or a recipient of the kind webhook: the URL is the `ingestUrl` of the connect response. A check that is down and a',
    'certificate that is invalid are high, a certificate that expires soon is low, and a performance drop is medium. updown.io does not',
    'tell when a performance drop is over, so a person resolves its incident. The service is the alias of the check, else its URL.',
  ].join('\n'),
  notices: (body) => eventsOf(body).flatMap(noticesOf),
}); // prettier-ignore

function noticesOf(event: unknown): Notice[] {
  const fields = textsOf(event);
  const check = textsOf(objectOf(event)['check']);
  const [state, severity = 'high', about] = lookUp(EVENTS, fields['event']) ?? [];
  const id = firstOf(check, ['token', 'url']);
  const name = firstOf(check, ['alias', 'url']);
  return noticeOf({
    state,
    sourceAlertId: id && [id, about].filter(Boolean).join(':'),
    title: firstOf(fields, ['description']) ?? name,
    description: firstOf(textsOf(objectOf(event)['downtime']), ['error']) ?? firstOf(check, ['error']),
    severity,
    service: name,
    metadata: onlyOf(check, ['url', 'last_status', 'down_since', 'last_check_at']),
  });
}
