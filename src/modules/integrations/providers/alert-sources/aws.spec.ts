import { describe, expect, it } from '@jest/globals';
import { awsEventBridge } from './aws-eventbridge.js';
import { cloudwatchSns } from './cloudwatch-sns.js';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const ARN = 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx';

const alarm = (more: object = {}) => ({
  AlarmName: 'checkout-5xx',
  AlarmDescription: 'Too many errors',
  AWSAccountId: '123456789012',
  NewStateValue: 'ALARM',
  NewStateReason: 'Threshold Crossed',
  Region: 'EU (Ireland)',
  AlarmArn: ARN,
  Trigger: {
    MetricName: '5XXError',
    Namespace: 'AWS/ApiGateway',
    Dimensions: [
      { name: 'Stage', value: 'live' },
      { value: 'checkout', name: 'ApiName' },
    ],
  },
  ...more,
});
const envelope = (message: object | string, more: object = {}) => ({
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: TOPIC,
  Subject: 'ALARM: "checkout-5xx" in EU (Ireland)',
  Message: typeof message === 'string' ? message : JSON.stringify(message),
  ...more,
});
const bySns = (body: object) => cloudwatchSns.webhooks?.notices(body) ?? [];
const byEvent = (body: object) => awsEventBridge.webhooks?.notices(body) ?? [];

const event = (kind: string, detail: object, more: object = {}) => ({
  version: '0',
  id: 'changes-each-time',
  'detail-type': kind,
  account: '123456789012',
  region: 'eu-west-1',
  resources: [ARN],
  detail,
  ...more,
});
const changed = (value: string, more: object = {}) =>
  event('CloudWatch Alarm State Change', {
    alarmName: 'checkout-5xx',
    state: { value, reason: 'Threshold Crossed' },
    configuration: {
      description: 'Too many errors',
      metrics: [
        { id: 'e1', expression: 'SUM(METRICS())' },
        { metricStat: { metric: { namespace: 'AWS/ApiGateway', name: '5XXError', dimensions: { ApiName: 'checkout' } } } },
      ],
    },
    ...more,
  }); // prettier-ignore

describe('an alarm of CloudWatch', () => {
  it('is read from an SNS notification', () => {
    expect(bySns(envelope(alarm()))).toEqual([
      {
        state: 'firing',
        sourceAlertId: ARN,
        title: 'checkout-5xx',
        description: 'Too many errors\nThreshold Crossed',
        severity: 'high',
        service: 'checkout',
        environment: null,
        tags: { Stage: 'live', ApiName: 'checkout' },
        metadata: { AWSAccountId: '123456789012', Region: 'EU (Ireland)', metric: 'AWS/ApiGateway 5XXError' },
      },
    ]);
  });

  it('is read from an EventBridge event, direct or through a topic', () => {
    const told = {
      state: 'firing',
      sourceAlertId: ARN,
      title: 'checkout-5xx',
      description: 'Too many errors\nThreshold Crossed',
      severity: 'high',
      service: 'checkout',
      metadata: { account: '123456789012', region: 'eu-west-1', metric: 'AWS/ApiGateway 5XXError' },
    };
    expect(byEvent(changed('ALARM'))).toMatchObject([told]);
    expect(bySns(envelope(changed('ALARM')))).toMatchObject([told]);
  });

  it.each([['ALARM', 'firing'], ['OK', 'resolved'], ['INSUFFICIENT_DATA', undefined], ['toString', undefined]])(
    '%s means %s, of the same alert', (value, state) => {
      for (const [notice] of [bySns(envelope(alarm({ NewStateValue: value }))), bySns(alarm({ NewStateValue: value })), byEvent(changed(value))])
        expect([notice?.state, notice?.sourceAlertId]).toEqual([state, state && ARN]);
    },
  ); // prettier-ignore

  it('is found in the event of a Lambda function that forwards it', () => {
    const event = { Records: [{ EventSource: 'aws:sns', Sns: envelope(alarm()) }, { Sns: null }, null] };
    expect(bySns(event)).toMatchObject([{ state: 'firing', sourceAlertId: ARN }]);
    const [ended, again] = ['OK', 'ALARM'].map((value) => ({
      Sns: envelope(alarm({ NewStateValue: value })),
    }));
    expect(bySns({ Records: [ended, again] }).map(({ state }) => state)).toEqual(['resolved', 'firing']);
  });

  it('gets its ARN built for old messages without one', () => {
    const old = alarm({ AlarmArn: undefined });
    expect(bySns(envelope(old))[0]?.sourceAlertId).toBe(ARN);
    expect(bySns(envelope(old, { TopicArn: 'arn:aws-cn:sns:cn-north-1:1:t' }))[0]?.sourceAlertId).toBe(
      'arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:checkout-5xx',
    );
  });

  it('with several time series is one alert for each', () => {
    const contributor = (id: string) =>
      event('CloudWatch Alarm Contributor State Change', {
        alarmName: 'tables',
        alarmContributor: { id, attributes: { TableName: `orders-${id}` } },
        state: { value: 'ALARM' },
      });
    expect([...byEvent(contributor('a')), ...byEvent(contributor('b'))]).toMatchObject([
      { sourceAlertId: `${ARN}/a`, service: 'orders-a' },
      { sourceAlertId: `${ARN}/b`, service: 'orders-b' },
    ]);
  });

  it('takes severity, service and environment from its tags, before the dimensions', () => {
    const tags = [{ Key: 'Severity', Value: 'critical' }, { Key: 'Service', Value: 'payments' }, { Key: 'Environment', Value: 'live' }]; // prettier-ignore
    const meant = { severity: 'critical', service: 'payments', environment: 'live' };
    expect(bySns(envelope(alarm({ AlarmTags: tags })))).toMatchObject([meant]);
    const alarmTags = { severity: 'critical', service: 'payments', env: 'live' };
    expect(byEvent(changed('ALARM', { alarmTags }))).toMatchObject([meant]);
  });
});

describe('another message of a topic', () => {
  it('in plain text is an alert of severity info, deduplicated by its subject', () => {
    const backup = envelope('The backup failed.\nSee the log.', { Subject: 'Backup' });
    expect(bySns(backup)).toMatchObject([
      { state: 'firing', title: 'Backup', description: 'The backup failed.\nSee the log.', severity: 'info' },
    ]);
    const again = bySns(envelope('Again.', { Subject: 'Backup', MessageId: 'm-2' }));
    expect(again[0]?.sourceAlertId).toBe(bySns(backup)[0]?.sourceAlertId);
    expect(bySns(envelope('First line\nmore', { Subject: undefined }))[0]?.title).toBe('First line');
    expect(bySns(envelope('42'))).toHaveLength(1);
  });

  it.each([
    ['a text without a word', envelope(' ', { Subject: '' })],
    ['JSON of another kind', envelope({ source: 'aws.s3', Records: [] })],
    ['the end of the subscription', { Type: 'UnsubscribeConfirmation', TopicArn: TOPIC, Token: 'x', Message: 'Bye' }],
    ['a list', envelope('[1]')],
    ['an alarm without a name', envelope({ NewStateValue: 'ALARM' })],
    ['an alarm of the wrong types', envelope({ AlarmArn: {}, NewStateValue: ['ALARM'], Trigger: [null], AlarmTags: 7 })],
    ['nothing', {}],
  ])('yields no alert when it is %s', (_, body) => {
    expect(bySns(body)).toEqual([]);
  }); // prettier-ignore

  it('may be nested deeply', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(bySns(envelope(`{"AlarmName":"a","NewStateValue":"ALARM","Trigger":{"Metrics":${deep}}}`))).toHaveLength(1);
  }); // prettier-ignore
});

describe('an event of EventBridge', () => {
  const health = (more: object = {}) =>
    event('AWS Health Event', {
      eventArn: 'arn:aws:health:eu-west-1::event/EC2/1',
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_API_ISSUE',
      eventTypeCategory: 'issue',
      eventDescription: [{ language: 'en_US', latestDescription: 'Calls fail' }],
      affectedEntities: [{ entityValue: 'i-1', tags: { stage: 'prod', App: 'shop' } }, null],
      ...more,
    });

  it('of AWS Health fires until its status is closed', () => {
    const told = {
      sourceAlertId: 'arn:aws:health:eu-west-1::event/EC2/1',
      title: 'AWS_EC2_API_ISSUE',
      description: 'Calls fail',
      severity: 'medium',
      service: 'shop',
      environment: 'prod',
    };
    expect(byEvent(health())).toMatchObject([{ state: 'firing', ...told }]);
    expect(byEvent(health({ statusCode: 'closed' }))).toMatchObject([{ state: 'resolved', ...told }]);
    expect(byEvent(health({ affectedEntities: undefined }))[0]?.service).toBe('EC2');
    expect(byEvent(health({ eventTypeCategory: 'scheduledChange' }))).toEqual([]);
  });

  it.each([[9.3, 'critical'], [8, 'high'], [5, 'medium'], ['2', 'low'], [{}, 'low']])(
    'of GuardDuty with severity %s is %s', (severity, ours) => {
      const detail = { id: 'f-1', title: 'Odd login', description: 'From afar', type: 'Recon', severity };
      expect(byEvent(event('GuardDuty Finding', detail))).toMatchObject([
        { state: 'firing', sourceAlertId: 'f-1', title: 'Odd login', severity: ours },
      ]);
    },
  ); // prettier-ignore

  it.each([
    [event('CloudWatch Alarm Configuration Change', { state: { value: 'ALARM' } })],
    [event('EC2 Instance State-change Notification', { state: 'stopped' })],
    [event('toString', {})],
    [event('GuardDuty Finding', [])],
    [{ 'detail-type': ['AWS Health Event'], detail: null }],
  ])('yields no alert when it is about something else: %#', (body) => {
    expect(byEvent(body)).toEqual([]);
  });
});
