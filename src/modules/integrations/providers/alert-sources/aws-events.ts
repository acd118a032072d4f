import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';
import { noticeOf } from './notice.js';
import { environmentOf, firstOf, meaningOf, onlyOf, serviceOf, severityOf, textsOf } from './words.js';

type Texts = Readonly<Record<string, string>>;

/** INSUFFICIENT_DATA is in neither: it says nothing of the trouble, and a resolution it is not. */
const STATES: Readonly<Record<string, Notice['state']>> = { ALARM: 'firing', OK: 'resolved' };

/** Dimensions that name what runs, the best first. */
const SERVICE_DIMENSIONS = [
  'ServiceName', 'FunctionName', 'ApiName', 'DBClusterIdentifier', 'DBInstanceIdentifier', 'CacheClusterId', 'TableName',
  'QueueName', 'StreamName', 'BucketName', 'StateMachineArn', 'LoadBalancer', 'AutoScalingGroupName', 'ClusterName', 'InstanceId',
]; // prettier-ignore

/** A state change of a CloudWatch alarm, as its action tells it to a topic. Older ones have no ARN, and their region is a display name. */
export function noticesOfAlarm(message: unknown, topicArn = ''): Notice[] {
  const alarm = objectOf(message);
  const told = textsOf(alarm);
  const trigger = objectOf(alarm['Trigger']);
  const measured = listOf(trigger['Metrics']).map((query) => objectOf(objectOf(query)['MetricStat'])['Metric']);
  const metrics = [trigger, ...measured].map(objectOf);
  const [partition, region] = /^arn:([\w-]+):sns:([\w-]+):/.exec(topicArn)?.slice(1) ?? ['aws', told['Region']];
  const { AlarmName: name, AWSAccountId: account } = told;
  return ofAlarm({
    arn: told['AlarmArn'] ?? (name && `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`),
    name,
    state: told['NewStateValue'],
    description: told['AlarmDescription'],
    reason: told['NewStateReason'],
    contributor: told['AlarmContributorId'],
    tags: pairsOf(alarm['AlarmTags']),
    dimensions: {
      ...merged(metrics.map((metric) => pairsOf(metric['Dimensions']))),
      ...pairsOf(alarm['AlarmContributorAttributes']),
    },
    metrics: metrics.map((metric) => nameOf(metric['Namespace'], metric['MetricName'])),
    metadata: onlyOf(told, ['AlarmRule', 'AWSAccountId', 'Region', 'OldStateValue', 'StateChangeTime']),
  });
} // prettier-ignore

/** An event of EventBridge: of an alarm, of AWS Health or of GuardDuty; others are nothing. */
export function noticesOfEvent(body: unknown): Notice[] {
  const event = objectOf(body);
  const detail = objectOf(event['detail']);
  switch (event['detail-type']) {
    case 'CloudWatch Alarm State Change':
    case 'CloudWatch Alarm Contributor State Change':
      return ofAlarmEvent(event, detail);
    case 'AWS Health Event':
      return ofHealth(event, detail);
    case 'GuardDuty Finding':
      return ofFinding(event, detail);
    default:
      return [];
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
  /** One of the time series of an alarm that watches many, each with a state of its own. */
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
    state: meaningOf(STATES, alarm.state),
    sourceAlertId: arn && contributor ? `${arn}/${contributor}` : arn,
    title: alarm.name,
    description: [alarm.description, alarm.reason].filter(Boolean).join('\n') || undefined,
    severity: severityOf(firstOf(tags, ['severity', 'priority']), 'high'),
    service: serviceOf(tags) ?? firstOf(dimensions, SERVICE_DIMENSIONS),
    environment: environmentOf(tags) ?? undefined,
    tags: { ...dimensions, ...alarm.tags },
    metadata: { ...metadata, ...(metric && { metric }) },
  });
}

/** What Amazon reports of its own services: only trouble is an alert, neither maintenance that is to come nor mail to the account. */
function ofHealth(event: Json, detail: Json): Notice[] {
  const told = textsOf(detail);
  const isTrouble = ['issue', 'investigation'].includes(told['eventTypeCategory'] ?? '');
  const [description] = listOf(detail['eventDescription']).map(textsOf);
  const entities = listOf(detail['affectedEntities']).map(objectOf);
  const tags = merged(entities.map((entity) => pairsOf(entity['tags'])));
  const named = inLowerCase(tags);
  return noticeOf({
    state: isTrouble ? (told['statusCode'] === 'closed' ? 'resolved' : 'firing') : undefined,
    sourceAlertId: told['eventArn'],
    title: told['eventTypeCode'],
    description: description?.['latestDescription'],
    severity: 'medium',
    service: serviceOf(named) ?? told['service'],
    environment: environmentOf(named) ?? undefined,
    tags,
    metadata: { ...onlyOf(textsOf(event), ['account', 'region']), ...onlyOf(told, ['eventRegion', 'startTime']) },
  });
} // prettier-ignore

/** A finding has no end that would be told: a person resolves it. */
function ofFinding(event: Json, detail: Json): Notice[] {
  const told = textsOf(detail);
  return noticeOf({
    state: 'firing',
    sourceAlertId: told['id'],
    title: told['title'],
    description: told['description'],
    severity: severityOfFinding(numberOf(detail['severity']) ?? 0),
    metadata: {
      ...onlyOf(textsOf(event), ['account', 'region']),
      ...onlyOf(told, ['type', 'severity', 'arn']),
    },
  });
}

/** By GuardDuty's own ranges. */
function severityOfFinding(severity: number): Severity {
  if (severity >= 9) return 'critical';
  if (severity >= 7) return 'high';
  return severity >= 4 ? 'medium' : 'low';
}

/** Pairs as AWS writes them: an object, or a list of `{ name, value }` or `{ Key, Value }`. */
function pairsOf(pairs: unknown): Texts {
  if (!Array.isArray(pairs)) return textsOf(pairs);
  return Object.fromEntries(
    pairs.map(textsOf).map(inLowerCase).flatMap(({ name, key = name, value }) => (key && value ? [[key, value]] : [])),
  ); // prettier-ignore
}

function merged(all: readonly Texts[]): Texts {
  return Object.fromEntries(all.flatMap((texts) => Object.entries(texts)));
}

function inLowerCase(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name.toLowerCase(), text]));
}

function nameOf(namespace: unknown, metric: unknown): string | undefined {
  return [textOf(namespace), textOf(metric)].filter(Boolean).join(' ') || undefined;
}
