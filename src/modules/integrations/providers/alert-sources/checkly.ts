import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, lookUp, textsOf } from './normalize.js';

const KINDS: Readonly<Record<string, readonly [Notice['state'], Severity]>> = {
  ALERT_FAILURE: ['firing', 'high'],
  ALERT_DEGRADED: ['firing', 'medium'],
  ALERT_SSL: ['firing', 'low'],
  ALERT_RECOVERY: ['resolved', 'high'],
  ALERT_DEGRADED_RECOVERY: ['resolved', 'medium'],
};

export const checkly = signedAlertSource({
  provider: 'checkly',
  displayName: 'Checkly',
  config: AlertSourceConfig,
  setupGuide: [
    'Alert settings, Add channel, Webhook: POST to the `ingestUrl` of the connect response, with the default body. Its webhook',
    'secret goes here as `signingSecret`.',
  ].join('\n'),
  verify: (secret, delivery) => signedInHex(secret, delivery, { header: 'x-checkly-signature' }),
  notices: (body) => {
    const fields = textsOf(body);
    const [state, severity] = lookUp(KINDS, fields['alert_type']) ?? [];
    return noticeOf({
      state,
      sourceAlertId: fields['check_id'],
      title: firstOf(fields, ['event', 'check_name']),
      description: firstOf(fields, ['check_error_message']),
      severity: severity ?? 'medium',
      service: firstOf(fields, ['check_name']),
      metadata: { link: fields['link'] ?? '', run_location: fields['run_location'] ?? '' },
    });
  },
});
