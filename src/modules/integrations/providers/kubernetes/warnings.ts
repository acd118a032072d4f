import type { Notice } from '../../api.js';
import { alertsOf, noticeOf } from '../alert-sources/notice.js';
import { firstOf, onlyOf, serviceOf, textsOf } from '../alert-sources/normalize.js';
import { objectOf } from '../read-json.js';

/** Reasons of warnings that mean that something is down. */
const SEVERE =
  /^(?:OOMKill(?:ed|ing)|SystemOOM|Evicted|EvictionThresholdMet|NodeNotReady|NodeUnderDiskPressure|KubeletIsDown|ContainerdUnhealthy|KernelOops|KernelDeadlock|TaskHung|ReadonlyFilesystem|FilesystemIsReadOnly)$/;

/** The Warning events of a body: one event or several, each as it is or as the `data` of a CloudEvent. */
export function noticesOfWarnings(body: unknown): Notice[] {
  const list = [body, objectOf(body)['items']].find(Array.isArray);
  return list === undefined ? warning(body) : alertsOf(list, 'items').flatMap(warning);
}

function warning(body: unknown): Notice[] {
  const outer = objectOf(body);
  const event = 'specversion' in outer ? objectOf(outer['data']) : outer;
  // `regarding` and `note` are their names in events.k8s.io.
  const object = objectOf(event['involvedObject'] ?? event['regarding']);
  const about = textsOf(object);
  const { type, reason, ...fields } = textsOf(event);
  const { kind = 'Object', namespace, name } = about;
  if (type === 'Normal' || !reason || !name) return [];
  const labels = textsOf(object['labels']);
  return noticeOf({
    state: 'firing',
    // The uid of the event changes when it is repeated after an hour.
    sourceAlertId: [kind, namespace, name, reason].filter(Boolean).join('/'),
    title: `${reason}: ${kind} ${name}`,
    description: firstOf(fields, ['message', 'note']),
    severity: SEVERE.test(reason) ? 'high' : 'medium',
    service: serviceOf(labels) ?? name,
    tags: labels,
    metadata: { ...onlyOf(about, ['kind', 'namespace', 'name', 'fieldPath']), ...onlyOf(fields, ['count', 'lastTimestamp', 'clusterName']) },
  }); // prettier-ignore
}
