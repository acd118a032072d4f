import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { eventsOf, noticeOf } from './notice.js';
import { environmentOf, firstOf, isOver, onlyOf, severityOf, tagsFrom, textsOf } from './normalize.js';

/** Events of Riemann, one or a batch in the order of time. */
export const riemann = alertSource({
  provider: 'riemann',
  displayName: 'Riemann',
  idsUniquePer: 'integration',
  setupGuide: [
    'In `riemann.config`, with the `ingestUrl` of the connect response:',
    '',
    "    (require '[clj-http.client :as http] '[cheshire.core :as json])",
    '    (defn causeflow [event]',
    '      (http/post "<ingestUrl>" {:body (json/generate-string event) :content-type :json :socket-timeout 10000}))',
    '    (streams (changed-state {:init "ok"} causeflow))',
    '',
    'For a header `"Authorization" "Bearer …"` give the same `bearerToken` here. An alert is a host with a service. The state `ok` (or up,',
    'normal, clear, resolved) ends it, any other fires, also `expired`; events without a state are ignored. The state is the severity,',
    'if it names one. The environment is the attribute `environment`, or a tag such as `env:production`.',
  ].join('\n'),
  notices: (body) => eventsOf(body).flatMap(noticesOf),
}); // prettier-ignore

function noticesOf(event: unknown): Notice[] {
  const fields = textsOf(event);
  const { host, service } = fields;
  const state = firstOf(fields, ['state']);
  return noticeOf({
    state: state === undefined ? undefined : isOver(state) ? 'resolved' : 'firing',
    sourceAlertId: [host, service].filter(Boolean).join(':'),
    title: [service, host].filter(Boolean).join(' on '),
    description: firstOf(fields, ['description']),
    severity: severityOf(state, 'medium'),
    service: firstOf(fields, ['service', 'host']),
    environment: environmentOf(fields),
    tags: tagsFrom(objectOf(event)['tags']),
    metadata: onlyOf(fields, ['host', 'state', 'metric', 'time']),
  });
}
