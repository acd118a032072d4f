import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, lookUp, serviceOf, tagsFrom, textsOf } from './normalize.js';

/** A check that alerts only after several runs, or some minutes, sends `REMAIN` first. A certificate is an alert of its own. */
const KINDS: Readonly<Record<string, readonly [Notice['state'], Severity, about?: string]>> = {
  ALERT_FAILURE: ['firing', 'high'],
  ALERT_FAILURE_REMAIN: ['firing', 'high'],
  ALERT_DEGRADED_FAILURE: ['firing', 'high'],
  ALERT_DEGRADED: ['firing', 'medium'],
  ALERT_DEGRADED_REMAIN: ['firing', 'medium'],
  ALERT_FAILURE_DEGRADED: ['firing', 'medium'],
  ALERT_SSL: ['firing', 'low', 'ssl'],
  ALERT_RECOVERY: ['resolved', 'high'],
  ALERT_DEGRADED_RECOVERY: ['resolved', 'medium'],
};

export const checkly = signedAlertSource({
  provider: 'checkly',
  displayName: 'Checkly',
  config: AlertSourceConfig,
  setupGuide: [
    'Alert settings, Add channel, Webhook: POST to the `ingestUrl` of the connect response, with the default body. Its webhook',
    'secret goes here as `signingSecret`. A failing check is high, a degraded one medium. A certificate that expires soon is low and an',
    'alert of its own, which a person resolves. The service is the check, or a tag such as `service:checkout`.',
  ].join('\n'),
  verify: (secret, delivery) => signedInHex(secret, delivery, { header: 'x-checkly-signature' }),
  notices: (body) => {
    const fields = textsOf(body);
    const tags = tagsFrom(objectOf(body)['tags']);
    const [state, severity, about] = lookUp(KINDS, fields['alert_type']) ?? [];
    const { check_id: check } = fields;
    return noticeOf({
      state,
      sourceAlertId: check && [check, about].filter(Boolean).join(':'),
      title: firstOf(fields, ['event', 'check_name']),
      description: firstOf(fields, ['check_error_message']),
      severity: severity ?? 'medium',
      service: serviceOf(tags) ?? firstOf(fields, ['check_name']),
      tags,
      metadata: { link: fields['link'] ?? '', run_location: fields['run_location'] ?? '' },
    });
  },
});
