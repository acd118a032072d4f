import type { Severity } from '#kernel/domain/severity';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { firstOf, meaningOf, onlyOf, tagsFrom, textsOf } from './words.js';

/** Of uptime checks and of transaction checks. */
const STATES: Readonly<Record<string, 'firing' | 'resolved'>> = {
  DOWN: 'firing',
  UNCONFIRMED_DOWN: 'firing',
  FAILING: 'firing',
  UP: 'resolved',
  SUCCESS: 'resolved',
};
const SEVERITIES: Readonly<Record<string, Severity>> = { HIGH: 'high', LOW: 'low' };

export const pingdom = alertSource({
  provider: 'pingdom',
  displayName: 'Pingdom',
  setupGuide: [
    'Settings, Integrations, Add integration, Webhook: the URL is the `ingestUrl` that connecting answers. Then tick the integration in',
    'each check. DOWN and FAILING fire, UP and SUCCESS resolve; the importance of the check is the severity.',
  ].join('\n'),
  notices: (body) => {
    const told = textsOf(body);
    const check = textsOf(objectOf(body)['check_params']);
    return noticeOf({
      state: meaningOf(STATES, told['current_state']),
      sourceAlertId: told['check_id'],
      title: firstOf(told, ['check_name']),
      description: firstOf(told, ['long_description', 'description']),
      severity: meaningOf(SEVERITIES, told['importance_level']) ?? 'high',
      service: firstOf(told, ['check_name']),
      tags: tagsFrom(objectOf(body)['tags']),
      metadata: {
        ...onlyOf(told, ['description', 'check_type', 'state_changed_utc_time']),
        ...onlyOf(check, ['full_url', 'hostname']),
      },
    });
  },
});
