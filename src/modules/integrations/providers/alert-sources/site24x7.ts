import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, tagsFrom } from './normalize.js';

/** Others are suspended and maintenance. */
const STATUSES: Readonly<Record<string, readonly [Notice['state'], Severity]>> = {
  down: ['firing', 'high'],
  critical: ['firing', 'critical'],
  trouble: ['firing', 'medium'],
  up: ['resolved', 'high'],
};

/** Monitors of Site24x7. */
export const site24x7 = alertSource({
  provider: 'site24x7',
  displayName: 'Site24x7',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Admin, Third-party integrations, Webhooks: the hook URL is the `ingestUrl` of the connect response, the method POST, Post as JSON and',
    'Send incident parameters are ticked, and it triggers for down, critical, trouble **and** up. DOWN is high, CRITICAL critical and',
    'TROUBLE medium. Service and environment are tags of the monitor such as `service:checkout` and `env:production`, else the service',
    'is the monitor. For basic authentication or a header `Authorization: Bearer …` give the same here.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const tags = tagsFrom(fields['tags'] ?? objectOf(body)['TAGS']);
    const [state, severity = 'high'] = lookUp(STATUSES, fields['status']?.toLowerCase()) ?? [];
    return noticeOf({
      state,
      sourceAlertId: idOf(fields),
      title: firstOf(fields, ['monitorname', 'monitorurl']),
      description: firstOf(fields, ['incidentdetails', 'incidentreason']),
      severity,
      service: serviceOf(tags) ?? firstOf(fields, ['monitorname', 'monitorurl']),
      tags,
      metadata: onlyOf(fields, ['monitorurl', 'monitortype', 'monitorgroupname', 'failedlocations', 'monitordashboardlink', 'rcalink']),
    });
  },
}); // prettier-ignore

/** As a number the id loses its last digits, in which the monitors of an account differ. */
function idOf(fields: Readonly<Record<string, string>>): string | undefined {
  const [, linked] = /\/monitors\/(\w+)/.exec(fields['monitordashboardlink'] ?? '') ?? [];
  const named = [firstOf(fields, ['monitorid']), firstOf(fields, ['monitorname', 'monitorurl'])];
  return linked ?? named.filter(Boolean).join(':');
}
