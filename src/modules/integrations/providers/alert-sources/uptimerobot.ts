import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, tagsFrom } from './normalize.js';

/** `alertType`, and `alertTypeFriendlyName` for templates that leave it out. */
const KINDS: Readonly<Record<string, readonly [Notice['state'], Severity, about?: string]>> = {
  1: ['firing', 'high'],
  2: ['resolved', 'high'],
  3: ['firing', 'low', 'expiry'],
  down: ['firing', 'high'],
  up: ['resolved', 'high'],
};

/** Monitors of UptimeRobot. */
export const uptimerobot = alertSource({
  provider: 'uptimerobot',
  displayName: 'UptimeRobot',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Integrations, Webhook: the URL is the `ingestUrl` of the connect response, and the default variables are sent as JSON or as POST',
    'parameters, **not** as a query string. In a POST value of your own keep `monitorID`, `monitorFriendlyName`, `alertType` and',
    '`alertDetails`, named after the variables. For a custom header `Authorization: Bearer …` give the same `bearerToken` here.',
    'A monitor that is down is high. The expiry of a certificate or domain is low and an alert of its own, which a person resolves. The',
    'service is the monitor, or a tag such as `service:checkout`.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const tags = tagsFrom(fields['monitortags'] ?? fields['tags']);
    const kind = firstOf(fields, ['alerttype', 'alerttypefriendlyname']);
    const [state, severity = 'high', about] = lookUp(KINDS, kind?.toLowerCase()) ?? [];
    const name = firstOf(fields, ['monitorfriendlyname', 'monitorname', 'monitorurl']);
    const id = firstOf(fields, ['monitorid', 'monitorurl', 'monitorfriendlyname']);
    return noticeOf({
      state,
      sourceAlertId: id && [id, about].filter(Boolean).join(':'),
      title: name,
      description: firstOf(fields, ['alertdetails']),
      severity,
      service: serviceOf(tags) ?? name,
      tags,
      metadata: onlyOf(fields, ['monitorurl', 'alerttypefriendlyname', 'sslexpirydate', 'sslexpirydaysleft']),
    });
  },
}); // prettier-ignore
