import type { Severity } from '#kernel/domain/severity';
import { listOf, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticesOfOldSchema } from './azure-old-schemas.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, serviceOf, textsOf } from './normalize.js';

const STATES: States = { Fired: 'firing', Resolved: 'resolved' };
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export const azureMonitor = alertSource({
  provider: 'azure_monitor',
  displayName: 'Azure Monitor',
  setupGuide: [
    'Action groups, an action of the kind Webhook with the `ingestUrl` of the connect response, and the common alert schema on.',
    'Sev0 to Sev4 is critical to info. Service and environment are custom properties of the rule such as `service` and `env`, else the',
    'service is the first of the configuration items. Without the common alert schema, log alerts and most events of the activity log',
    'never resolve.',
  ].join('\n'),
  notices: (body) => {
    // Smart detection may send the alert as a resource: its `id`, `name` and `properties`.
    const { data, properties: ofResource, id, name } = objectOf(body);
    const { essentials, alertContext, customProperties } = objectOf(data ?? ofResource);
    if (essentials === undefined) return noticesOfOldSchema(body);
    const common = { ...textsOf({ id, name }), ...textsOf(essentials) };
    const context = objectOf(alertContext);
    // Rules of Prometheus have labels, other metric alerts had their custom properties there.
    const properties = common['signalType'] === 'Metric' ? textsOf(context['properties']) : {};
    const tags = { ...textsOf(context['labels']), ...properties, ...textsOf(customProperties) };
    const [item, target] = ['configurationItems', 'alertTargetIDs'].map((list) => textOf(listOf(objectOf(essentials)[list])[0]));
    return noticeOf({
      state: lookUp(STATES, common['monitorCondition']),
      sourceAlertId: firstOf(common, ['alertId', 'id', 'originAlertId']),
      title: firstOf(common, ['name', 'alertRule']),
      description: firstOf(common, ['description']) ?? measured(context['condition']),
      severity: SEVERITIES[Number(/^Sev(\d)$/.exec(common['severity'] ?? '')?.[1])] ?? 'medium',
      service: serviceOf(tags) ?? item ?? target?.split('/').at(-1) ?? common['targetResourceName'],
      tags,
      metadata: common,
    });
  },
}); // prettier-ignore

/** Such as `Percentage CPU GreaterThan 90: 95.3`. */
function measured(condition: unknown): string | undefined {
  const [criterion] = listOf(objectOf(condition)['allOf']).map(textsOf);
  const { metricName: metric, operator = '', threshold = '', metricValue: value } = criterion ?? {};
  return metric && value && `${metric} ${operator} ${threshold}: ${value}`;
}
