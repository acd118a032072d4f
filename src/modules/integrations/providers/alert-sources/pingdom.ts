import type { Severity } from '#kernel/domain/severity';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, tagsFrom, textsOf } from './normalize.js';

/** Of uptime checks and of transaction checks. */
const STATES: States = {
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
    'Settings, Integrations, Add integration, Webhook: the URL is the `ingestUrl` of the connect response. Then tick the integration in',
    'each check. DOWN and FAILING fire, UP and SUCCESS resolve; the importance of the check is the severity.',
  ].join('\n'),
  notices: (body) => {
    const fields = textsOf(body);
    const check = textsOf(objectOf(body)['check_params']);
    return noticeOf({
      state: lookUp(STATES, fields['current_state']),
      sourceAlertId: fields['check_id'],
      title: firstOf(fields, ['check_name']),
      description: firstOf(fields, ['long_description', 'description']),
      severity: lookUp(SEVERITIES, fields['importance_level']) ?? 'high',
      service: firstOf(fields, ['check_name']),
      tags: tagsFrom(objectOf(body)['tags']),
      metadata: {
        ...onlyOf(fields, ['description', 'custom_message', 'check_type', 'state_changed_utc_time']),
        ...onlyOf(check, ['full_url', 'hostname']),
      },
    });
  },
});
