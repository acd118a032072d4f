import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { firstOf, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

/** The webhook action of Splunk alerts. It sends the first result row, and never a resolution. */
export const splunk = alertSource({
  provider: 'splunk',
  displayName: 'Splunk',
  idsUniquePer: 'integration',
  setupGuide: [
    'Edit the alert, Add actions, Webhook: the URL is the `ingestUrl` of the connect response; in Splunk Enterprise 9 and later it must be',
    'on the allow list of webhooks. A saved search is one alert, and while its incident is open each run adds to it. Splunk does not tell',
    'when an alert is over, so a person (or `PATCH /v1/incidents/{incidentId}`) resolves the incident. Severity, service and environment',
    'are columns of the first row, such as `severity`, `service` and `env`; without them it is medium, of the host.',
  ].join('\n'),
  notices: (body) => {
    const fields = textsOf(body);
    const row = textsOf(objectOf(body)['result']);
    // A search without a name is identified by the start of its sid, which is the same in every run.
    const search = firstOf(fields, ['search_name']) ?? firstOf(fields, ['sid'])?.split('_at_')[0];
    return noticeOf({
      state: 'firing',
      sourceAlertId: search && `${fields['app'] ?? ''}:${search}`,
      title: search,
      description: firstOf(row, ['message', '_raw']),
      severity: severityOf(firstOf(row, ['severity', 'urgency', 'priority', 'level']), 'medium'),
      service: serviceOf(row) ?? firstOf(row, ['host']),
      tags: onlyOf(row, ['host', 'source', 'sourcetype', 'index', 'service', 'environment', 'env']),
      metadata: { ...onlyOf(fields, ['results_link', 'app', 'owner']), ...columnsOf(row) },
    });
  },
});

/** Without Splunk's internal fields and empty columns. */
function columnsOf(row: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(row).filter((name) => !/^(?:_|date_|timestartpos|timeendpos|punct)/.test(name));
  return onlyOf(row, names);
}
