import { type AlertedEntity, suspicionByEntity, type ViewName } from '../alerts/alert-surprisal.js';
import { compareText } from '../compare-text.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding } from '../finding.js';
import { hypothesis } from '../hypothesis.js';
import { outlierScores } from '../topology/suspects.js';
import { count, listed, percent } from '../wording.js';
import { type Agent, type AgentReport, reportOf } from './agent.js';
import { ALERT_STORM as NAME } from './names.js';

const MOST_SHOWN = 3;
/** Of what the first has: below it an entity's alerts are the usual ones. */
const WORTH_SHOWING = 0.1;
/** Of suspicion: what anybody may have in a storm. */
const USUAL = 0.3;
/** Who has seen fewer storms than this cannot tell what is unusual. */
const FEWEST_STORMS = 3;

const SEEN_IN: Readonly<Record<ViewName, string>> = {
  'resources up': 'resources that rose',
  'resources down': 'resources that fell',
  'requests up': 'latency, errors and traffic that rose',
  'requests down': 'latency, success and traffic that fell',
  calls: 'calls',
  messages: 'messages',
  replicas: 'what no replica of the same has',
};

/** Of many alerts at once, asks whose are the most unusual: most alerts of a storm go off in every storm. */
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
    const storms = signals.reduce((most, { row }) => Math.max(most, row.stormsBefore), 0);
    const most = alerted[0]?.suspicion ?? 0;
    const shown = alerted
      .filter(({ suspicion }) => suspicion > 0 && suspicion >= most * WORTH_SHOWING)
      .slice(0, MOST_SHOWN);
    const message =
      signals.length === 0
        ? 'There is no storm of alerts to rank.'
        : `Weighed ${count(signals.length, 'alert')} of ${count(alerted.length, 'entity', 'entities')}; the most unusual are those of ${alerted[0]?.entity ?? 'none'}.`;
    return reportOf(NAME, message, {
      findings: shown.map(toFinding),
      hypotheses: shown.slice(0, 1).map((first) =>
        hypothesis({
          statement: `The trouble is inside ${first.entity}, whose alerts are the most unusual of the storm: ${told(first)}`,
          score: 0.5,
          ...(storms >= FEWEST_STORMS
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
    statement: `${alerted.entity} has ${count(alerted.signals.length, 'alert')}, most unusual ${told(alerted)}, and ${percent(alerted.share)} of what is unusual in ${SEEN_IN[alerted.view]}.`,
    evidenceIds: alerted.signals.map(({ evidenceId }) => evidenceId),
    kind: 'unusual_alerts',
    entity: alerted.entity,
    score: alerted.suspicion,
  });
}

function told({ signals }: AlertedEntity): string {
  return listed(
    signals
      .slice(0, 3)
      .map(
        ({ signal: { signal, seenBefore, stormsBefore } }) =>
          `“${signal}” (in ${seenBefore} of ${stormsBefore} storms before)`,
      ),
  );
}
