import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, severityOf, textsOf } from './normalize.js';

const STATES: States = { open: 'firing', closed: 'resolved' };

export const gcpMonitoring = alertSource({
  provider: 'gcp_monitoring',
  displayName: 'Google Cloud Monitoring',
  setupGuide:
    'Alerting, Notification channels, Webhooks: the endpoint is the `ingestUrl` of the connect response. A policy without a severity is high.',
  notices: (body) => {
    const incident = objectOf(objectOf(body)['incident']);
    const fields = textsOf(incident);
    const metadata = objectOf(incident['metadata']);
    const labels = {
      ...textsOf(objectOf(incident['resource'])['labels']),
      ...textsOf(metadata['user_labels']),
    };
    const system = textsOf(metadata['system_labels']);
    const words: Readonly<Record<string, string>> = { error: 'high' };
    const severity = firstOf({ ...system, ...fields }, ['severity'])?.toLowerCase();
    return noticeOf({
      state: lookUp(STATES, fields['state']?.toLowerCase()),
      sourceAlertId: fields['incident_id'],
      title: firstOf(fields, ['condition_name', 'summary', 'policy_name']),
      description: firstOf(fields, ['summary']),
      severity: severityOf(lookUp(words, severity) ?? severity, 'high'),
      service: firstOf(fields, ['resource_display_name', 'resource_name']),
      tags: labels,
      metadata: { url: fields['url'] ?? '', policy_name: fields['policy_name'] ?? '' },
    });
  },
});
