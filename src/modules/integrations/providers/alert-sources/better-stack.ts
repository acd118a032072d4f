import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { firstOf, meaningOf, textsOf } from './words.js';

const STATES: Readonly<Record<string, 'firing' | 'resolved'>> = {
  started: 'firing',
  reopened: 'firing',
  resolved: 'resolved',
};

export const betterStack = alertSource({
  provider: 'better_stack',
  displayName: 'Better Stack',
  setupGuide:
    'Integrations, Exporting data, Outgoing webhooks for incidents: the URL is the `ingestUrl` that connecting answers.',
  notices: (body) => {
    const data = objectOf(objectOf(body)['data']);
    const told = textsOf(data['attributes']);
    if (data['type'] !== 'incident') return [];
    return noticeOf({
      state: meaningOf(STATES, textsOf(body)['event']),
      sourceAlertId: textsOf(data)['id'],
      title: told['name'],
      description: firstOf(told, ['cause']),
      severity: 'high',
      service: told['name'],
      metadata: told['url'] ? { url: told['url'] } : {},
    });
  },
});
