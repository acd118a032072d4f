import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, serviceOf, severityOf, tagsFrom, textsOf } from './normalize.js';

/** `eventType` of a classic webhook, and `type.id` of a custom one. */
const STATES: States = {
  ALERT_NOTIFICATION_TRIGGER: 'firing',
  ALERT_NOTIFICATION_CLEAR: 'resolved',
  AGENT_ALERT_NOTIFICATION_TRIGGER: 'firing',
  AGENT_ALERT_NOTIFICATION_CLEAR: 'resolved',
  2: 'firing',
  1: 'resolved',
};

/** Alerts about tests and agents of ThousandEyes. */
export const thousandEyes = alertSource({
  provider: 'thousandeyes',
  displayName: 'ThousandEyes',
  setupGuide: [
    'Alert rules, Notifications, Webhooks: the URL is the `ingestUrl` of the connect response; with basic authentication give the same',
    '`username` and `password` here. For a custom webhook the body is',
    '',
    '    {',
    '      "eventType": "{{type.id}}",',
    '      "alert": {',
    '        "alertId": "{{alert.id}}", "severity": "{{alert.severity.id}}", "ruleName": "{{alert.rule.name}}",',
    '        "ruleExpression": "{{alert.rule.expression}}", "testName": "{{alert.test.name}}"',
    '      }',
    '    }',
    '',
    'Critical is critical, Major high, Minor low, Info info. Service and environment are labels of the test such as `service:checkout` and',
    '`env:production`, else the service is the test or the agent.',
  ].join('\n'),
  notices: (body) => {
    const { alert, agentAlert } = objectOf(body);
    const about = objectOf(alert ?? agentAlert);
    const fields = textsOf(about);
    const tags = tagsFrom(listOf(about['testLabels']).map((label) => objectOf(label)['name']));
    return noticeOf({
      state: lookUp(STATES, textsOf(body)['eventType']),
      sourceAlertId: firstOf(fields, ['alertId', 'agentNotificationId']),
      title: firstOf(fields, ['ruleName', 'testName', 'ruleExpression']),
      description: firstOf(fields, ['ruleExpression']),
      severity: severityOf(fields['severity'], 'medium'),
      service: serviceOf(tags) ?? firstOf(fields, ['testName', 'hostname', 'agentName']),
      tags,
      metadata: onlyOf(fields, ['type', 'testName', 'agentName', 'ipAddress', 'dateStartZoned', 'violationCount', 'permalink']),
    });
  },
}); // prettier-ignore
