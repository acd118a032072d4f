import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, isOver, onlyOf, pairsOf, severityOf, tagsFrom } from './normalize.js';

/** Generic outbound webhooks of Coralogix: its variables, most of them in a list of `{ key, value }`. */
export const coralogix = alertSource({
  provider: 'coralogix',
  displayName: 'Coralogix',
  setupGuide: [
    'Integrations, Outbound webhooks, Generic webhook: the URL is the `ingestUrl` of the connect response, the method is POST, the body is',
    'the default one; for a header `Authorization: Bearer …` give the same `bearerToken` here. In each alert, Notifications: choose the',
    'webhook and notify when resolved. An alert is known by `$DEDUP_KEY`, else by `$ALERT_UNIQUE_IDENTIFIER`, else by `$ALERT_ID`.',
    'Priority P1 to P5 is critical to info, without one the severity counts. The service is the subsystem, else the application.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf({ ...pairsOf(objectOf(body)['fields']), ...objectOf(body) });
    return noticeOf({
      state: isOver(fields['alertaction']) ? 'resolved' : 'firing',
      sourceAlertId: firstOf(fields, ['dedupkey', 'alertuniqueidentifier', 'alertid']),
      title: firstOf(fields, ['alertname', 'name']),
      description: firstOf(fields, ['description', 'text']),
      severity: severityOf(firstOf(fields, ['priority', 'opsgeniepriority', 'severity']), 'medium'),
      service: firstOf(fields, ['service', 'subsystem', 'application']),
      environment: firstOf(fields, ['environment', 'env']),
      tags: tagsFrom(fields['metalabels']),
      metadata: onlyOf(fields, ['alerturl', 'logurl', 'team', 'application', 'threshold', 'timewindow', 'hitcount']),
    });
  },
}); // prettier-ignore
