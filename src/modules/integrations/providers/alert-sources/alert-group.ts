import { lenientText } from '#kernel/domain/lenient-text';
import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { alertsOf, noticeOf } from './notice.js';
import { firstOf, idOf, onlyOf, severityOf, textsOf } from './normalize.js';

/** Shared labels are copied to each alert of a group, and an incident keeps no more than these. */
const MAX_SHARED = 64;
/** Characters of all copies together: a group of thousands of alerts must not take thousands of times the memory of its body. */
const MAX_COPIED = 32 * 1024 * 1024;
/** They fire permanently, to prove that alerting works. */
const HEARTBEAT = /^(?:Watchdog|DeadMansSwitch|InfoInhibitor)$/;
/** What Grafana sends of a rule that has no data or an error, with the rule's annotations, which describe something else. */
const NOT_EVALUATED = /^Datasource(?:NoData|Error)$/;

/**
 * The body of Alertmanager, which Grafana sends too: a group of alerts, each with a state of its own. The group is firing while
 * any of its alerts is, so its state is used only for an alert without one.
 * @throws Refusal `validation_error` for a body without a list of alerts, or with too many
 */
export function noticesOfGroup(body: unknown): Notice[] {
  const group = objectOf(body);
  const alerts = alertsOf(group['alerts'], 'alerts');
  const shared = {
    status: group['status'],
    labels: fewOf(group['commonLabels'], alerts.length),
    annotations: fewOf(group['commonAnnotations'], alerts.length),
  };
  return alerts.flatMap((entry) => noticesOf(objectOf(entry), shared));
}

type Texts = Readonly<Record<string, string>>;

interface Shared {
  readonly status: unknown;
  readonly labels: Texts;
  readonly annotations: Texts;
}

function noticesOf(alert: Readonly<Record<string, unknown>>, shared: Shared): Notice[] {
  const own = textsOf(alert);
  const ownLabels = textsOf(alert['labels']);
  const labels = { ...shared.labels, ...ownLabels };
  const fields = { ...shared.annotations, ...textsOf(alert['annotations']) };
  const { alertname: name = '', rulename: rule } = labels;
  const unevaluated = rule && NOT_EVALUATED.test(name) ? `${name}: ${rule}` : undefined;
  return noticeOf({
    state: (own['status'] ?? shared.status) === 'resolved' ? 'resolved' : 'firing',
    sourceAlertId: firstOf(own, ['fingerprint']) ?? idOf(ownLabels),
    title: unevaluated ?? firstOf(fields, ['summary', 'title', 'message']) ?? name,
    description: firstOf(fields, ['description', 'message', 'summary']) ?? labelled(ownLabels),
    severity: severityOf(firstOf(labels, ['severity', 'priority', 'level']), HEARTBEAT.test(name) ? 'info' : 'medium'),
    tags: labels,
    metadata: { ...fields, ...onlyOf(own, ['startsAt', 'generatorURL', 'dashboardURL', 'panelURL', 'valueString']) },
  }); // prettier-ignore
}

function fewOf(texts: unknown, copies: number): Texts {
  let room = Math.floor(MAX_COPIED / copies);
  const few = Object.entries(textsOf(texts)).slice(0, MAX_SHARED);
  return Object.fromEntries(
    few.flatMap(([name, text]) => {
      if (name.length >= room) return [];
      const kept = lenientText(text, room - name.length);
      room -= name.length + kept.length;
      return [[name, kept]];
    }),
  );
}

function labelled(labels: Texts): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(', '); // prettier-ignore
}
