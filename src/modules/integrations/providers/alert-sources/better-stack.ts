import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, textsOf } from './normalize.js';

const STATES: States = {
  started: 'firing',
  reopened: 'firing',
  resolved: 'resolved',
};

export const betterStack = alertSource({
  provider: 'better_stack',
  displayName: 'Better Stack',
  setupGuide:
    'Integrations, Exporting data, Outgoing webhooks for incidents: the URL is the `ingestUrl` of the connect response.',
  notices: (body) => {
    const data = objectOf(objectOf(body)['data']);
    const fields = textsOf(data['attributes']);
    if (data['type'] !== 'incident') return [];
    return noticeOf({
      // Newer ones are `incident_started` and so on.
      state: lookUp(STATES, textsOf(body)['event']?.replace(/^incident[._]/, '')),
      sourceAlertId: textsOf(data)['id'],
      title: fields['name'],
      description: firstOf(fields, ['cause']),
      severity: 'high',
      service: fields['name'],
      metadata: fields['url'] ? { url: fields['url'] } : {},
    });
  },
});
