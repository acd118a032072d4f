import type { Severity } from '#kernel/domain/severity';
import { listOf, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, textsOf } from './normalize.js';

const STATES: States = {
  Fired: 'firing',
  Activated: 'firing',
  Resolved: 'resolved',
  Deactivated: 'resolved',
};
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export const azureMonitor = alertSource({
  provider: 'azure_monitor',
  displayName: 'Azure Monitor',
  setupGuide: [
    'Action groups, an action of the kind Webhook with the `ingestUrl` of the connect response, and the common alert schema on.',
    'Sev0 to Sev4 is critical to info; the service is the first of the configuration items.',
  ].join('\n'),
  notices: (body) => {
    const { status, context, data } = objectOf(body);
    const common = objectOf(objectOf(data)['essentials']);
    const essentials = textsOf(common);
    if (essentials['alertId'] !== undefined)
      return noticeOf({
        state: lookUp(STATES, essentials['monitorCondition']),
        sourceAlertId: essentials['alertId'],
        title: essentials['alertRule'],
        description: firstOf(essentials, ['description']),
        severity: SEVERITIES[Number(/^Sev(\d)$/.exec(essentials['severity'] ?? '')?.[1])] ?? 'medium',
        service: textOf(listOf(common['configurationItems'])[0]),
        metadata: essentials,
      });
    // Older than the common schema; metric alerts nest it one level deeper.
    const old = context === undefined ? objectOf(data) : { status, context };
    const rule = textsOf(old['context']);
    return noticeOf({
      state: lookUp(STATES, old['status']),
      sourceAlertId: rule['id'],
      title: rule['name'],
      description: firstOf(rule, ['description']),
      severity: SEVERITIES[Number(/^\d$/.exec(rule['severity'] ?? '')?.[0])] ?? 'medium',
      service: rule['resourceName'],
      metadata: rule,
    });
  },
});
