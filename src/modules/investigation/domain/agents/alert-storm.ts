import { type AlertedEntity, suspicionByEntity, type ViewName } from '../alerts/alert-surprisal.js';
import { compareText } from '../compare-text.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding } from '../finding.js';
import { hypothesis } from '../hypothesis.js';
import { outlierScores } from '../topology/suspects.js';
import { count, listed, percent } from '../wording.js';
import { type Agent, type AgentReport, reportOf } from './agent.js';
import { ALERT_STORM as NAME } from './names.js';

const MAX_SHOWN = 3;
/** Share of the highest suspicion below which an entity's alerts are considered usual. */
const WORTH_SHOWING = 0.1;
/** Suspicion that any entity may have in a storm. */
const USUAL = 0.3;
/** With fewer earlier storms, frequencies of alerts mean nothing. */
const MIN_STORMS = 3;

const SEEN_IN: Readonly<Record<ViewName, string>> = {
  'resources up': 'resources that rose',
  'resources down': 'resources that fell',
  'requests up': 'latency, errors and traffic that rose',
  'requests down': 'latency, success and traffic that fell',
  calls: 'calls',
  messages: 'messages',
  replicas: 'what no replica of the same has',
};

/** Ranks the entities of an alert storm by how unusual their alerts are: most alerts fire in every storm. */
export const alertStorm: Agent = {
  name: NAME,
  needs: ['platform_event'],
  after: [],
  run(evidence: EvidenceSet): AgentReport {
    const signals = evidence.alertSignals;
    const alerted = suspicionByEntity(signals).sort(
      (a, b) => b.suspicion - a.suspicion || compareText(a.entity, b.entity),
    );
    const suspects = outlierScores(new Map(alerted.map(({ entity, suspicion }) => [entity, suspicion])), {
      tolerance: USUAL,
      population: alerted.length,
    });
    const storms = signals.reduce((max, { row }) => Math.max(max, row.stormsBefore), 0);
    const highest = alerted[0]?.suspicion ?? 0;
    const shown = alerted
      .filter(({ suspicion }) => suspicion > 0 && suspicion >= highest * WORTH_SHOWING)
      .slice(0, MAX_SHOWN);
    const message =
      signals.length === 0
        ? 'There is no storm of alerts to rank.'
        : `Weighed ${count(signals.length, 'alert')} of ${count(alerted.length, 'entity', 'entities')}; the most unusual are those of ${alerted[0]?.entity ?? 'none'}.`;
    return reportOf(NAME, message, {
      findings: shown.map(toFinding),
      hypotheses: shown.slice(0, 1).map((first) =>
        hypothesis({
          statement: `The trouble is inside ${first.entity}, whose alerts are the most unusual of the storm: ${describeAlerts(first)}`,
          score: 0.5,
          ...(storms >= MIN_STORMS
            ? { status: 'supported' }
            : {
                status: 'open',
                because: 'Too few earlier storms are known to tell which alerts are unusual.',
              }),
          supportedBy: first.signals.map(({ evidenceId }) => evidenceId),
          category: 'errors',
          witnesses: ['unusual_alerts'],
          entity: first.entity,
        }),
      ),
      suspects,
    });
  },
};

function toFinding(alerted: AlertedEntity) {
  return finding({
    statement: `${alerted.entity} has ${count(alerted.signals.length, 'alert')}, most unusual ${describeAlerts(alerted)}, and ${percent(alerted.share)} of what is unusual in ${SEEN_IN[alerted.view]}.`,
    evidenceIds: alerted.signals.map(({ evidenceId }) => evidenceId),
    kind: 'unusual_alerts',
    entity: alerted.entity,
    score: alerted.suspicion,
  });
}

function describeAlerts({ signals }: AlertedEntity): string {
  return listed(
    signals
      .slice(0, 3)
      .map(
        ({ signal: { signal, seenBefore, stormsBefore } }) =>
          `“${signal}” (in ${seenBefore} of ${stormsBefore} storms before)`,
      ),
  );
}
