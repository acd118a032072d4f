import { alertSource } from './alert-source.js';
import { noticesOfEvent } from './aws-events.js';

export const awsEventBridge = alertSource({
  provider: 'aws_eventbridge',
  displayName: 'Amazon EventBridge',
  setupGuide: [
    'EventBridge, API destinations, Create: the endpoint is the `ingestUrl` of the connect response, the method is POST. The connection',
    'needs an authorization: basic, with the same `username` and `password` here, or an API key `Authorization` of the value',
    '`Bearer …`, with the same `bearerToken` here. Then a rule that sends the whole event to it:',
    '',
    '    { "source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"] }',
    '',
    'ALARM fires, OK resolves, and an alarm is high, unless its tag `severity` says otherwise. Events of AWS Health (`AWS Health Event`)',
    'and of GuardDuty (`GuardDuty Finding`) are understood too; a finding is resolved by a person. Of jobs (`Glue Job State Change`, and those',
    'of Batch, Step Functions, CodePipeline, CodeBuild and CodeDeploy) a failed run is high, and the next success resolves it. Others are',
    'ignored.',
  ].join('\n'),
  notices: noticesOfEvent,
});
