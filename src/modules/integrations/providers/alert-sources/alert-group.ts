import { invalid } from '#kernel/domain/errors';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { environmentOf, firstOf, idOf, onlyOf, serviceOf, severityOf, textsOf } from './words.js';

/** With labels and times of its own each, no more find room in a body. Hollow ones would, by the hundred thousand. */
const MOST_ALERTS = 10_000;
/** Of what the alerts of a group share, which each of them is told to have: no incident keeps more. */
const MOST_SHARED = 64;
/** They fire for ever, to show that alerting works. */
const HEARTBEAT = /^(?:Watchdog|DeadMansSwitch|InfoInhibitor)$/;

/**
 * The body of an Alertmanager, which Grafana sends too: a group of alerts, each with a state of its own. The state of the
 * group is that of the loudest of them, so it stands in only for an alert that has none.
 * @throws Refusal `validation_error` for what has no list of alerts, or one that no Alertmanager has made
 */
export function noticesOfGroup(body: unknown): Notice[] {
  const group = objectOf(body);
  const { alerts } = group;
  if (!Array.isArray(alerts)) throw invalid('alerts', 'must be a list');
  if (alerts.length > MOST_ALERTS) throw invalid('alerts', `must have at most ${MOST_ALERTS} entries`);
  const shared = {
    status: group['status'],
    labels: fewOf(group['commonLabels']),
    annotations: fewOf(group['commonAnnotations']),
  };
  return alerts.map((entry) => noticeOf(objectOf(entry), shared));
}

type Texts = Readonly<Record<string, string>>;

interface Shared {
  readonly status: unknown;
  readonly labels: Texts;
  readonly annotations: Texts;
}

function noticeOf(alert: Readonly<Record<string, unknown>>, shared: Shared): Notice {
  const own = textsOf(alert);
  const ownLabels = textsOf(alert['labels']);
  const labels = { ...shared.labels, ...ownLabels };
  const told = { ...shared.annotations, ...textsOf(alert['annotations']) };
  const name = labels['alertname'] ?? '';
  const title = firstOf(told, ['summary', 'title', 'message']) ?? name;
  return {
    state: (own['status'] ?? shared.status) === 'resolved' ? 'resolved' : 'firing',
    sourceAlertId: firstOf(own, ['fingerprint']) ?? idOf(ownLabels),
    title,
    description: firstOf(told, ['description', 'message', 'summary']) ?? labelled(ownLabels),
    severity: severityOf(firstOf(labels, ['severity', 'priority', 'level']), HEARTBEAT.test(name) ? 'info' : 'medium'),
    service: serviceOf(labels),
    environment: environmentOf(labels),
    tags: labels,
    metadata: { ...told, ...onlyOf(own, ['startsAt', 'generatorURL', 'dashboardURL', 'panelURL', 'valueString']) },
  }; // prettier-ignore
}

function fewOf(texts: unknown): Texts {
  return Object.fromEntries(Object.entries(textsOf(texts)).slice(0, MOST_SHARED));
}

function labelled(labels: Texts): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(', '); // prettier-ignore
}
