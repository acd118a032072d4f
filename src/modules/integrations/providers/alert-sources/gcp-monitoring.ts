import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { environmentOf, firstOf, meaningOf, severityOf, textsOf } from './words.js';

const STATES: Readonly<Record<string, 'firing' | 'resolved'>> = { open: 'firing', closed: 'resolved' };

export const gcpMonitoring = alertSource({
  provider: 'gcp_monitoring',
  displayName: 'Google Cloud Monitoring',
  setupGuide:
    'Alerting, Notification channels, Webhooks: the endpoint is the `ingestUrl` that connecting answers. A policy without a severity is high.',
  notices: (body) => {
    const incident = objectOf(objectOf(body)['incident']);
    const told = textsOf(incident);
    const metadata = objectOf(incident['metadata']);
    const labels = {
      ...textsOf(objectOf(incident['resource'])['labels']),
      ...textsOf(metadata['user_labels']),
    };
    const system = textsOf(metadata['system_labels']);
    const words: Readonly<Record<string, string>> = { error: 'high' };
    const severity = firstOf({ ...system, ...told }, ['severity'])?.toLowerCase();
    return noticeOf({
      state: meaningOf(STATES, told['state']?.toLowerCase()),
      sourceAlertId: told['incident_id'],
      title: firstOf(told, ['condition_name', 'summary', 'policy_name']),
      description: firstOf(told, ['summary']),
      severity: severityOf(meaningOf(words, severity) ?? severity, 'high'),
      service: firstOf(told, ['resource_display_name', 'resource_name']),
      environment: environmentOf(labels) ?? undefined,
      tags: labels,
      metadata: { url: told['url'] ?? '', policy_name: told['policy_name'] ?? '' },
    });
  },
});
