import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, textsOf } from './normalize.js';

/** 2 is pending, 3 is maintenance. */
const STATES: States = { 0: 'firing', 1: 'resolved' };

export const uptimeKuma = alertSource({
  provider: 'uptime_kuma',
  displayName: 'Uptime Kuma',
  idsUniquePer: 'integration',
  setupGuide:
    'Settings, Notifications, Webhook: the post URL is the `ingestUrl` of the connect response, the request body is application/json.',
  notices: (body) => {
    const [heartbeat, monitor] = ['heartbeat', 'monitor'].map((part) => textsOf(objectOf(body)[part]));
    const name = monitor?.['name'];
    return noticeOf({
      state: lookUp(STATES, heartbeat?.['status']),
      sourceAlertId: monitor?.['id'] ?? heartbeat?.['monitorID'],
      title: name && heartbeat?.['status'] === '0' ? `${name} is down` : name,
      description: heartbeat && firstOf(heartbeat, ['msg']),
      severity: 'high',
      service: name,
      metadata: monitor?.['url'] ? { url: monitor['url'] } : {},
    });
  },
});
