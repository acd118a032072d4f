import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const STATES: States = { Activated: 'firing', Resolved: 'resolved', Deactivated: 'resolved' };
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** What Azure Monitor sends without the common alert schema: metric alerts, log alerts and events of the activity log. */
export function noticesOfOldSchema(body: unknown): Notice[] {
  const { schemaId, data } = objectOf(body);
  const inner = objectOf(data);
  if (schemaId === 'Microsoft.Insights/LogAlert') return ofLogAlert(textsOf(data));
  // The oldest metric alerts are not nested in `data`.
  const { status, context, properties } = 'context' in objectOf(body) ? objectOf(body) : inner;
  const activity = objectOf(context)['activityLog'];
  return activity === undefined
    ? ofMetric(status, textsOf(context), textsOf(properties))
    : ofActivity(status, objectOf(activity));
}

type Texts = Readonly<Record<string, string>>;

function ofMetric(status: unknown, rule: Texts, tags: Texts): Notice[] {
  const { id = '', conditionType = '', resourceId = '' } = rule;
  return noticeOf({
    state: lookUp(STATES, status),
    // One rule may watch many resources, each of which has a state of its own.
    sourceAlertId: conditionType.startsWith('MultipleResource') && resourceId ? `${id}:${resourceId}` : id,
    title: rule['name'],
    description: firstOf(rule, ['description']),
    severity: severityOfNumber(rule['severity']) ?? 'medium',
    service: serviceOf(tags) ?? rule['resourceName'],
    tags,
    metadata: rule,
  });
}

/** It is not told when one is over. */
function ofLogAlert(alert: Texts): Notice[] {
  const { AlertRuleName: name, Severity: severity, LinkToSearchResults: url } = alert;
  const scope = firstOf(alert, ['WorkspaceId', 'ApplicationId', 'SubscriptionId']);
  return noticeOf({
    state: 'firing',
    sourceAlertId: name && [scope, name].filter(Boolean).join(':'),
    title: name,
    description: firstOf(alert, ['Description', 'SearchQuery']),
    severity: severityOfNumber(severity) ?? severityOf(severity, 'medium'),
    metadata: { ...onlyOf(alert, ['SearchQuery', 'ResultCount', 'AlertType']), ...(url && { url }) },
  });
}

/** Incidents of Azure itself have a tracking id and an end; an operation on a resource has neither. */
function ofActivity(status: unknown, event: Readonly<Record<string, unknown>>): Notice[] {
  const fields = textsOf(event);
  const about = textsOf(event['properties']);
  const { operationName: operation, resourceId: resource, level } = fields;
  const isOver = fields['status'] === 'Resolved' || about['stage'] === 'Resolved';
  return noticeOf({
    state: lookUp(STATES, status) && (isOver ? 'resolved' : 'firing'),
    sourceAlertId: about['trackingId'] ?? (operation && [operation, resource].filter(Boolean).join(':')),
    title: firstOf({ ...fields, ...about }, ['title', 'operationName']),
    description: firstOf(fields, ['description']),
    severity: severityOf(level, 'medium'),
    service: about['service'] ?? resource?.split('/').at(-1),
    metadata: onlyOf({ ...about, ...fields }, [
      'operationName',
      'resourceId',
      'status',
      'trackingId',
      'caller',
    ]),
  });
}

function severityOfNumber(severity = ''): Severity | undefined {
  return SEVERITIES[Number(/^\d$/.exec(severity)?.[0])];
}
