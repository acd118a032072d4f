import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, isOver, onlyOf, severityOf, tagsFrom } from './normalize.js';

/** Rules of Kibana, by a webhook connector. */
export const kibana = alertSource({
  provider: 'kibana',
  displayName: 'Kibana',
  setupGuide: [
    'Stack Management, Connectors, Webhook: method POST, the URL is the `ingestUrl` of the connect response; with basic authentication or a',
    'header `Authorization: Bearer …` give the same here. In each rule the connector is an action **twice**: once for when it is active,',
    'and once for Recovered, without which nothing is resolved. The body of both is',
    '',
    '    {',
    '      "rule": { "id": "{{rule.id}}", "name": "{{rule.name}}", "tags": "{{rule.tags}}", "url": "{{rule.url}}" },',
    '      "alert": { "id": "{{alert.id}}", "actionGroup": "{{alert.actionGroup}}" },',
    '      "severity": "high", "reason": "{{context.reason}}"',
    '    }',
    '',
    'where `severity` is yours to set. A rule with groups is an alert for each of them. Service and environment are tags of the rule',
    'such as `service:checkout` and `env:production`, or the fields `service` and `environment` of the body.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const text = firstOf(fields, ['reason', 'contextreason', 'message', 'contextmessage']);
    // In Kibana 7 the rule was the alert, and the alert its instance.
    const { alertinstanceid: instance } = fields;
    const rule = firstOf(fields, ['ruleid', 'rulename', 'rule', ...(instance ? ['alertid', 'alertname'] : [])]);
    const group = instance ?? firstOf(fields, ['alertid']);
    const tags = tagsFrom(fields['ruletags'] ?? fields['tags'] ?? objectOf(objectOf(body)['rule'])['tags']);
    const state = firstOf(fields, ['alertactiongroup', 'actiongroup', 'state', 'status']);
    return noticeOf({
      state: isOver(state) ? 'resolved' : 'firing',
      sourceAlertId: rule ? [rule, group].filter(Boolean).join(':') : (group ?? text),
      title: firstOf(fields, ['rulename', 'rule', 'alertname', 'title', 'name']) ?? text,
      description: text,
      severity: severityOf(firstOf(fields, ['severity', 'contextseverity', 'alertseverity']), 'medium'),
      service: firstOf(fields, ['service', 'servicename']),
      environment: fields['environment'],
      tags,
      metadata: onlyOf(fields, ['ruleid', 'ruleurl', 'alertid', 'alertactiongroup', 'url']),
    });
  },
}); // prettier-ignore
