import { listOf, objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { secretInHeader } from './signatures.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const STATES: States = { triggered: 'firing', firing: 'firing', ok: 'resolved', resolved: 'resolved' };
/** The dataset of an environment has the name of a service. */
const PLACE = /\/environments\/([\w-]+)(?:\/datasets\/(?!__all__)([\w-]+))?/;

/** Triggers and burn alerts of Honeycomb. */
export const honeycomb = signedAlertSource({
  provider: 'honeycomb',
  displayName: 'Honeycomb',
  config: AlertSourceConfig,
  setupGuide: [
    'Integrations, Webhooks, Add: the URL is the `ingestUrl` of the connect response, and the shared secret goes here as',
    '`signingSecret`. Then make it a recipient of each trigger and burn alert. The default payload is read; in a template of your own',
    'keep `id`, `name` and `status`, and set `severity` if medium is wrong. A trigger with groups is one alert. Service and environment',
    'are the fields `service` and `environment`, else the `service.name` of the only group that is over the threshold, else dataset and',
    'environment of the link to the trigger.',
  ].join('\n'),
  verify: secretInHeader('x-honeycomb-webhook-token'),
  notices: (body) => {
    const fields = variablesOf(body);
    const groups = listOf(objectOf(body)['result_groups_triggered']).map(objectOf);
    const tags = groups.length === 1 ? textsOf(groups[0]?.['Group']) : {};
    const [, environment, dataset] = PLACE.exec(firstOf(fields, ['triggerurl', 'slourl', 'sourceurl', 'resulturl', 'url']) ?? '') ?? [];
    const isTest = firstOf(fields, ['istest', 'alertistest']) === 'true';
    return noticeOf({
      state: isTest ? undefined : lookUp(STATES, firstOf(fields, ['status', 'alertstatus'])?.toLowerCase()),
      sourceAlertId: firstOf(fields, ['id', 'triggerid', 'deduplicationkey', 'name']),
      title: firstOf(fields, ['name', 'title', 'summary']),
      description: firstOf(fields, ['description', 'summary']),
      severity: severityOf(firstOf(fields, ['severity', 'alertseverity']), 'medium'),
      service: firstOf(fields, ['service', 'servicename']) ?? serviceOf(tags) ?? dataset,
      environment: fields['environment'] ?? environment,
      tags,
      metadata: onlyOf(fields, ['summary', 'triggerdescription', 'operator', 'threshold', 'triggerurl', 'resulturl', 'slourl']),
    });
  },
}); // prettier-ignore
