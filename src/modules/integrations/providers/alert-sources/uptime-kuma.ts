import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, pairsOf, serviceOf, textsOf } from './normalize.js';

/** 2 is pending, 3 is maintenance. */
const STATES: States = { 0: 'firing', 1: 'resolved' };
/** A warning is nothing but this text. That of a test has no names in front. */
const MAX_WARNING = 1000;
const EXPIRY = /^\[(?<name>.+?)\]\[(?<url>[^\]]*)\] .*will (?:expire|be expired) in -?\d+ days/s;

export const uptimeKuma = alertSource({
  provider: 'uptime_kuma',
  displayName: 'Uptime Kuma',
  idsUniquePer: 'integration',
  setupGuide: [
    'Settings, Notifications, Webhook: the post URL is the `ingestUrl` of the connect response, the request body is application/json.',
    'A certificate or domain that expires soon is low and an alert of its own, which a person resolves. Service and environment are tags',
    'of the monitor such as `service` and `env`, else the service is the monitor.',
  ].join('\n'),
  notices: (body) => {
    const { heartbeat, monitor, msg } = objectOf(body);
    const [beat, about] = [textsOf(heartbeat), textsOf(monitor)];
    const { name } = about;
    if (!heartbeat && !monitor) return ofExpiry(textsOf({ msg })['msg'] ?? '');
    const tags = pairsOf(objectOf(monitor)['tags']);
    return noticeOf({
      state: lookUp(STATES, beat['status']),
      sourceAlertId: about['id'] ?? beat['monitorID'],
      title: name && beat['status'] === '0' ? `${name} is down` : name,
      description: firstOf(beat, ['msg']),
      severity: 'high',
      service: serviceOf(tags) ?? name,
      tags,
      metadata: about['url'] ? { url: about['url'] } : {},
    });
  },
});

function ofExpiry(text: string): Notice[] {
  const { name = '', url = '' } = (text.length <= MAX_WARNING && EXPIRY.exec(text)?.groups) || {};
  return noticeOf({
    state: 'firing',
    sourceAlertId: name && `${name}:expiry`,
    title: text,
    severity: 'low',
    service: name,
    metadata: url ? { url } : {},
  });
}
