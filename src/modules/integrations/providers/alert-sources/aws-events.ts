import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';
import { noticesOfJob } from './aws-jobs.js';
import { noticeOf, type States } from './notice.js';
import {
  environmentOf, firstOf, inLowerCase, lookUp, onlyOf, pairsOf, serviceOf, severityOf, textsOf,
} from './normalize.js'; // prettier-ignore

type Texts = Readonly<Record<string, string>>;

/** INSUFFICIENT_DATA neither fires nor resolves. */
const STATES: States = { ALARM: 'firing', OK: 'resolved' };

/** Dimensions that name a service or resource, the best first. */
const SERVICE_DIMENSIONS = [
  'ServiceName', 'FunctionName', 'ApiName', 'DBClusterIdentifier', 'DBInstanceIdentifier', 'CacheClusterId', 'TableName',
  'QueueName', 'StreamName', 'BucketName', 'StateMachineArn', 'LoadBalancer', 'AutoScalingGroupName', 'ClusterName', 'InstanceId',
]; // prettier-ignore

/** A CloudWatch alarm's notification. Older ones have no ARN, and `Region` is a display name. */
export function noticesOfAlarm(message: unknown, topicArn = ''): Notice[] {
  const alarm = objectOf(message);
  const fields = textsOf(alarm);
  const trigger = objectOf(alarm['Trigger']);
  const measured = listOf(trigger['Metrics']).map((query) => objectOf(objectOf(query)['MetricStat'])['Metric']);
  const metrics = [trigger, ...measured].map(objectOf);
  const [partition, region] = /^arn:([\w-]+):sns:([\w-]+):/.exec(topicArn)?.slice(1) ?? ['aws', fields['Region']];
  const { AlarmName: name, AWSAccountId: account } = fields;
  return ofAlarm({
    arn: fields['AlarmArn'] ?? (name && `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`),
    name,
    state: fields['NewStateValue'],
    description: fields['AlarmDescription'],
    reason: fields['NewStateReason'],
    contributor: fields['AlarmContributorId'],
    tags: pairsOf(alarm['AlarmTags']),
    dimensions: {
      ...merged(metrics.map((metric) => pairsOf(metric['Dimensions']))),
      ...pairsOf(alarm['AlarmContributorAttributes']),
    },
    metrics: metrics.map((metric) => nameOf(metric['Namespace'], metric['MetricName'])),
    metadata: onlyOf(fields, ['AlarmRule', 'AWSAccountId', 'Region', 'OldStateValue', 'StateChangeTime']),
  });
} // prettier-ignore

/** An EventBridge event of an alarm, of AWS Health, of GuardDuty or of a job; any other yields nothing. */
export function noticesOfEvent(body: unknown): Notice[] {
  const event = objectOf(body);
  const detail = objectOf(event['detail']);
  // What an alarm passes to a Lambda function that is its action.
  if ('alarmData' in event)
    return ofAlarmEvent({ ...event, resources: [event['alarmArn']] }, objectOf(event['alarmData']));
  switch (event['detail-type']) {
    case 'CloudWatch Alarm State Change':
    case 'CloudWatch Alarm Contributor State Change':
      return ofAlarmEvent(event, detail);
    case 'AWS Health Event':
      return ofHealth(event, detail);
    case 'GuardDuty Finding':
      return ofFinding(event, detail);
    default:
      return noticesOfJob(body);
  }
}

type Json = Readonly<Record<string, unknown>>;

function ofAlarmEvent(event: Json, detail: Json): Notice[] {
  const state = textsOf(detail['state']);
  const configuration = objectOf(detail['configuration']);
  const contributor = objectOf(detail['alarmContributor']);
  const queries = listOf(configuration['metrics']).map((query) => objectOf(objectOf(query)['metricStat'])['metric']);
  const metrics = queries.map(objectOf);
  return ofAlarm({
    arn: textOf(listOf(event['resources'])[0]) ?? textOf(detail['alarmName']),
    name: textOf(detail['alarmName']),
    state: state['value'],
    description: textOf(configuration['description']),
    reason: state['reason'],
    contributor: textOf(contributor['id']),
    tags: pairsOf(detail['alarmTags']),
    dimensions: {
      ...merged(metrics.map((metric) => pairsOf(metric['dimensions']))),
      ...pairsOf(contributor['attributes']),
    },
    metrics: metrics.map((metric) => nameOf(metric['namespace'], metric['name'])),
    metadata: onlyOf(textsOf(event), ['account', 'region', 'time']),
  });
} // prettier-ignore

interface Alarm {
  readonly arn: string | undefined;
  readonly name: string | undefined;
  readonly state: string | undefined;
  readonly description: string | undefined;
  readonly reason: string | undefined;
  /** One time series of a multi-series alarm; each has a state of its own. */
  readonly contributor: string | undefined;
  readonly tags: Texts;
  readonly dimensions: Texts;
  readonly metrics: readonly (string | undefined)[];
  readonly metadata: Texts;
}

function ofAlarm(alarm: Alarm): Notice[] {
  const { arn, contributor, dimensions, metadata } = alarm;
  const tags = inLowerCase(alarm.tags);
  const metric = alarm.metrics.find(Boolean);
  return noticeOf({
    state: lookUp(STATES, alarm.state),
    sourceAlertId: arn && contributor ? `${arn}/${contributor}` : arn,
    title: alarm.name,
    description: [alarm.description, alarm.reason].filter(Boolean).join('\n') || undefined,
    severity: severityOf(firstOf(tags, ['severity', 'priority']), 'high'),
    service: serviceOf(tags) ?? firstOf(dimensions, SERVICE_DIMENSIONS),
    environment: environmentOf(tags),
    tags: { ...dimensions, ...alarm.tags },
    metadata: { ...metadata, ...(metric && { metric }) },
  });
}

/** AWS Health: issues are alerts, scheduled changes and account notifications are not. */
function ofHealth(event: Json, detail: Json): Notice[] {
  const fields = textsOf(detail);
  const isTrouble = ['issue', 'investigation'].includes(fields['eventTypeCategory'] ?? '');
  const [description] = listOf(detail['eventDescription']).map(textsOf);
  const entities = listOf(detail['affectedEntities']).map(objectOf);
  const tags = merged(entities.map((entity) => pairsOf(entity['tags'])));
  const named = inLowerCase(tags);
  return noticeOf({
    state: isTrouble ? (fields['statusCode'] === 'closed' ? 'resolved' : 'firing') : undefined,
    sourceAlertId: fields['eventArn'],
    title: fields['eventTypeCode'],
    description: description?.['latestDescription'],
    severity: 'medium',
    service: serviceOf(named) ?? fields['service'],
    environment: environmentOf(named),
    tags,
    metadata: { ...onlyOf(textsOf(event), ['account', 'region']), ...onlyOf(fields, ['eventRegion', 'startTime']) },
  });
} // prettier-ignore

/** No event says that a finding is resolved, so a person does it. */
function ofFinding(event: Json, detail: Json): Notice[] {
  const fields = textsOf(detail);
  return noticeOf({
    state: 'firing',
    sourceAlertId: fields['id'],
    title: fields['title'],
    description: fields['description'],
    severity: severityOfFinding(numberOf(detail['severity']) ?? 0),
    tags: pairsOf(objectOf(objectOf(detail['resource'])['instanceDetails'])['tags']),
    metadata: {
      ...onlyOf(textsOf(event), ['account', 'region']),
      ...onlyOf(fields, ['type', 'severity', 'arn']),
    },
  });
}

/** By GuardDuty's own ranges. */
function severityOfFinding(severity: number): Severity {
  if (severity >= 9) return 'critical';
  if (severity >= 7) return 'high';
  return severity >= 4 ? 'medium' : 'low';
}

function merged(all: readonly Texts[]): Texts {
  return Object.fromEntries(all.flatMap((texts) => Object.entries(texts)));
}

function nameOf(namespace: unknown, metric: unknown): string | undefined {
  return [textOf(namespace), textOf(metric)].filter(Boolean).join(' ') || undefined;
}
