import { objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { secretInHeader } from './signatures.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const STATES: States = {
  CRITICAL: 'firing',
  WARNING: 'firing',
  OK: 'resolved',
};

/** Alarms of Rackspace Monitoring. */
export const rackspace = signedAlertSource({
  provider: 'rackspace',
  displayName: 'Rackspace Monitoring',
  config: AlertSourceConfig,
  setupGuide: [
    'Create a notification of the type webhook with the `ingestUrl` of the connect response, and name it in the critical, warning **and**',
    'ok state of the notification plan. The `webhook_token` of your account goes here as `signingSecret`. CRITICAL is critical, WARNING',
    'medium. Service and environment are `service` and `environment` of the metadata of the entity, else the service is the entity.',
  ].join('\n'),
  verify: secretInHeader('x-rackspace-webhook-token'),
  notices: (body) => {
    // `details`, `entity`, `check` and `alarm`, where what is missing is the text "null".
    const fields = variablesOf(body);
    const tags = textsOf(objectOf(objectOf(body)['entity'])['metadata']);
    const alarm = firstOf(fields, ['alarmid', 'checkid']);
    return noticeOf({
      state: lookUp(STATES, fields['detailsstate']),
      sourceAlertId: alarm && [fields['entityid'], alarm].filter(Boolean).join(':'),
      title: firstOf(fields, ['alarmlabel', 'checklabel', 'entitylabel']),
      description: fields['detailsstatus'],
      severity: severityOf(fields['detailsstate'], 'medium'),
      service: serviceOf(tags) ?? firstOf(fields, ['entitylabel', 'detailstarget']),
      tags,
      metadata: onlyOf(fields, ['checklabel', 'checktype', 'detailstarget', 'alarmcriteria', 'dashboardlink']),
    });
  },
}); // prettier-ignore
