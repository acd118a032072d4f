import { invalid } from '#kernel/domain/errors';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { environmentOf, firstOf, idOf, serviceOf, severityOf, textsOf } from './words.js';

/** With labels and times of its own each, no more find room in a body. Hollow ones would, by the hundred thousand. */
const MOST_ALERTS = 10_000;
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
  return alerts.map((entry) => noticeOf(objectOf(entry), group));
}

function noticeOf(
  alert: Readonly<Record<string, unknown>>,
  group: Readonly<Record<string, unknown>>,
): Notice {
  const labels = { ...textsOf(group['commonLabels']), ...textsOf(alert['labels']) };
  const told = { ...textsOf(group['commonAnnotations']), ...textsOf(alert['annotations']) };
  const own = textsOf(alert);
  const name = labels['alertname'] ?? '';
  const title = firstOf(told, ['summary', 'title', 'message']) ?? name;
  return {
    state: (own['status'] ?? textsOf(group)['status']) === 'resolved' ? 'resolved' : 'firing',
    sourceAlertId: firstOf(own, ['fingerprint']) ?? idOf(textsOf(alert['labels'])),
    title,
    description: firstOf(told, ['description', 'message', 'summary']) ?? labelled(labels),
    severity: severityOf(firstOf(labels, ['severity', 'priority', 'level']), HEARTBEAT.test(name) ? 'info' : 'medium'),
    service: serviceOf(labels),
    environment: environmentOf(labels),
    tags: labels,
    metadata: { ...told, ...given(own, ['startsAt', 'generatorURL', 'dashboardURL', 'panelURL', 'valueString']) },
  }; // prettier-ignore
}

function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(', '); // prettier-ignore
}

function given(texts: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (texts[name] ? [[name, texts[name]]] : [])));
}
