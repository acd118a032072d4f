import { jsonIn, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const STATES: States = { open: 'firing', closed: 'resolved' };
/** Labels that name a resource which has no name of its own. */
const RESOURCE_LABELS = [
  'container_name', 'function_name', 'job_name', 'module_id', 'database_id', 'queue_id', 'subscription_id', 'bucket_name', 'host',
]; // prettier-ignore

export const gcpMonitoring = alertSource({
  provider: 'gcp_monitoring',
  displayName: 'Google Cloud Monitoring',
  setupGuide: [
    'Alerting, Notification channels, Webhooks: the endpoint is the `ingestUrl` of the connect response. So is that of a push subscription,',
    'with a channel of the kind Pub/Sub. A policy without a severity is high. Service and environment are labels of the policy or the resource such as `service` and `env`, else the service is the resource.',
  ].join('\n'),
  notices: (body) => {
    const notification = pushed(body) ?? objectOf(body);
    const incident = objectOf(notification['incident']);
    const fields = textsOf(incident);
    const metadata = objectOf(incident['metadata']);
    const documentation = textsOf(incident['documentation'])['content'];
    const labels = {
      ...textsOf(objectOf(incident['resource'])['labels']),
      ...textsOf(metadata['user_labels']),
      ...textsOf(incident['policy_user_labels']),
    };
    const { resource_name: resource = '' } = fields;
    // That of a resource without a name of its own is its type with all labels.
    const isUnnamed = resource.includes(' labels {') && resource.endsWith('}');
    const system = textsOf(metadata['system_labels']);
    const words: Readonly<Record<string, string>> = { error: 'high' };
    const severity = firstOf({ ...system, ...fields }, ['severity'])?.toLowerCase();
    const isTest = notification['version'] === 'test';
    return noticeOf({
      state: isTest ? undefined : lookUp(STATES, fields['state']?.toLowerCase()),
      sourceAlertId: fields['incident_id'],
      title: firstOf(fields, ['condition_name', 'summary', 'policy_name']),
      description: firstOf(fields, ['summary']),
      severity: severityOf(lookUp(words, severity) ?? severity, undefined) ?? severityOf(labels['severity'], 'high'),
      service: serviceOf(labels) ?? firstOf(fields, ['resource_display_name']) ?? firstOf({ ...labels, resource }, [...(isUnnamed ? [] : ['resource']), ...RESOURCE_LABELS]),
      tags: labels,
      metadata: { ...onlyOf(fields, ['url', 'policy_name']), ...(documentation && { documentation }) },
    });
  },
}); // prettier-ignore

/** What a push subscription of Pub/Sub encloses. */
function pushed(body: unknown): Readonly<Record<string, unknown>> | undefined {
  const data = textOf(objectOf(objectOf(body)['message'])['data']);
  return data === undefined ? undefined : objectOf(jsonIn(Buffer.from(data, 'base64').toString('utf8')));
}
