import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { KnownSolution } from '../known-solution.js';
import { amount, count, duration, shortened } from '../wording.js';
import {
  type Agent,
  type AgentReport,
  type InvestigatedIncident,
  type InvestigationContext,
  reportOf,
} from './agent.js';

const NAME = 'known solution';
const MAX_EARLIER = 3;

/** Compares the alert with stored patterns and earlier incidents of the service. Reads no evidence. */
export const knownSolution: Agent = {
  name: NAME,
  needs: [],
  after: [],
  run(_evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, knownSolution: known } = context;
    const earlier = earlierFindings(context);
    return reportOf(NAME, message(context, earlier.length), {
      findings: [...(known ? [matchFinding(known, incident)] : []), ...earlier],
      hypotheses: known ? [toHypothesis(known, incident)] : [],
    });
  },
};

function matchFinding(known: KnownSolution, incident: InvestigatedIncident): Finding {
  return finding({
    statement: `The alert is ${percent(known.similarity)} like the known pattern “${shortened(known.title)}”.`,
    evidenceIds: [incident.evidenceId, known.evidenceId],
    kind: 'known_pattern',
    score: known.similarity,
    data: { patternId: known.patternId, runbookUrl: known.runbookUrl },
  });
}

function earlierFindings({ incident, earlierIncidents }: InvestigationContext): Finding[] {
  return earlierIncidents
    .flatMap((earlier) => (earlier.similarity === null ? [] : [{ earlier, alike: earlier.similarity }]))
    .sort((a, b) => b.alike - a.alike || b.earlier.alertedAt - a.earlier.alertedAt)
    .slice(0, MAX_EARLIER)
    .map(({ earlier, alike }) =>
      finding({
        statement:
          `An incident with ${alike === 1 ? 'the same' : 'a similar'} alert was opened ` +
          `${duration(incident.alertedAt - earlier.alertedAt)} before` +
          (earlier.rootCause === null ? '.' : `; its cause was: ${shortened(earlier.rootCause, 300)}`),
        evidenceIds: [incident.evidenceId, earlier.evidenceId],
        kind: 'earlier_incident',
        score: alike,
        data: { incidentId: earlier.incidentId },
      }),
    );
}

function toHypothesis(known: KnownSolution, incident: InvestigatedIncident): Hypothesis {
  const facts = {
    statement: known.rootCause ?? known.title,
    category: 'known_pattern' as const,
    supportedBy: [incident.evidenceId, known.evidenceId],
    witnesses: ['known_pattern' as const],
  };
  switch (known.decision) {
    case 'accepted':
      return hypothesis({ ...facts, score: known.similarity, status: 'supported' });
    case 'dismissed':
      return hypothesis({
        ...facts,
        score: 0,
        status: 'ruled_out',
        because: 'A person dismissed the known solution.',
      });
    case 'undecided':
      return hypothesis({
        ...facts,
        score: 0.3,
        status: 'open',
        because: 'It looks alike; no person has confirmed that it is the same trouble.',
      });
  }
}

function message({ knownSolution: known, earlierIncidents }: InvestigationContext, alike: number): string {
  const earlier =
    earlierIncidents.length === 0
      ? 'no earlier incident of the service is known'
      : `${amount(alike)} of ${count(earlierIncidents.length, 'earlier incident')} had a similar alert`;
  return known
    ? `The known pattern “${shortened(known.title)}” is ${percent(known.similarity)} alike; ${earlier}.`
    : `No known pattern resembles the alert; ${earlier}.`;
}

/** Rounded down, so that only equal alerts are 100 % similar. */
function percent(share: number): string {
  return `${String(Math.floor(share * 100))} %`;
}
