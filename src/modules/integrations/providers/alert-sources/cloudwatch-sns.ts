import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';
import type { Notice } from '../../api.js';
import { HttpLogin } from '../http-login.js';
import type { Provider } from '../provider.js';
import { jsonIn, objectOf } from '../read-json.js';
import {
  AlertSourceConfig,
  parsersOf,
  type AlertSourceOptions,
  verifyLogin,
  catalogEntryOf,
} from './alert-source.js';
import { noticesOfAlarm, noticesOfEvent } from './aws-events.js';
import { alertsOf, noticeOf } from './notice.js';
import { confirmationUrl, isSignedBySns, TOPIC_ARN } from './sns-messages.js';
import { firstOf, idOf, textsOf } from './normalize.js';

class CloudwatchSnsConfig extends AlertSourceConfig {
  @Text({
    max: 400,
    optional: true,
    summary: 'If set, only messages that Amazon SNS signed for this topic are accepted',
    example: 'arn:aws:sns:eu-west-1:123456789012:alarms',
  })
  @Matches(TOPIC_ARN, { message: 'topicArn must be the ARN of a topic' })
  topicArn?: string;
}

const OPTIONS: AlertSourceOptions = {
  provider: 'cloudwatch_sns',
  displayName: 'Amazon CloudWatch (SNS)',
  setupGuide: [
    'Give the ARN of the topic as `topicArn`: then only what Amazon SNS signed for it is taken. SNS, the topic, Create subscription: the',
    'protocol is HTTPS, the endpoint is the `ingestUrl` of the connect response. The subscription is confirmed by a call to',
    '`sns.<region>.amazonaws.com`; where that is not allowed, the log has the link to open instead. Then name the topic in the alarm',
    'actions **and** in the OK actions of each alarm: without the latter nothing is resolved.',
    '',
    'ALARM fires, OK resolves, INSUFFICIENT_DATA does neither. An alarm is high, unless its tag `severity` says otherwise (tags come',
    'with an alarm that propagates them); its service is the tag `service`, else what its dimensions name. Events of EventBridge that a',
    'rule sends to the topic are understood, and a plain text is an alert of severity info. Raw message delivery of JSON is understood too,',
    'but carries no signature, so it needs an integration without `topicArn`. So does an event that a Lambda function forwards.',
  ].join('\n'),
  notices: noticesOf,
};

/** CloudWatch alarms delivered by an Amazon SNS topic. */
export const cloudwatchSns: Provider<CloudwatchSnsConfig, HttpLogin> = {
  ...catalogEntryOf(OPTIONS),
  config: CloudwatchSnsConfig,
  credentials: HttpLogin,
  webhooks: {
    ...parsersOf(OPTIONS),
    verify: verifyLogin,
    verifyCertificate: async ({ config: { topicArn } }, { raw }, outside) =>
      topicArn === undefined ? undefined : isSignedBySns(raw, topicArn, outside),
    confirmationUrl,
  },
};

function noticesOf(body: unknown): Notice[] {
  const { Records: records } = objectOf(body);
  // The event of a Lambda function, which may forward it as it is.
  if (Array.isArray(records))
    return alertsOf(records, 'Records').flatMap((record) => noticesOfEnvelope(objectOf(record)['Sns']));
  return noticesOfEnvelope(body);
}

function noticesOfEnvelope(body: unknown): Notice[] {
  const { Type: type, Message: text = '', TopicArn: topicArn, Subject: subject = '' } = textsOf(body);
  // Raw message delivery: the message without its envelope.
  if (type === undefined) return noticesOfMessage(body);
  if (type !== 'Notification') return [];
  const message = jsonIn(text);
  if (message !== undefined) return noticesOfMessage(message, topicArn);
  const title = firstOf({ subject, text }, ['subject', 'text'])?.trim().split('\n', 1)[0];
  return noticeOf({
    state: title === undefined ? undefined : 'firing',
    sourceAlertId: idOf({ topic: topicArn ?? '', title: title ?? '' }),
    title,
    description: firstOf({ text }, ['text']),
    severity: 'info',
    metadata: topicArn === undefined ? {} : { TopicArn: topicArn },
  });
}

function noticesOfMessage(message: unknown, topicArn?: string): Notice[] {
  const isEvent = ['detail-type', 'alarmData'].some((field) => field in objectOf(message));
  return isEvent ? noticesOfEvent(message) : noticesOfAlarm(message, topicArn);
}
