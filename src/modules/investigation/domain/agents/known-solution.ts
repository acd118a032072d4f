import { compareText } from '../compare-text.js';
import type { EvidenceSet } from '../evidence-set.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { AlertText, KnownPattern, PatternDecision } from '../known-pattern.js';
import { SAME_TROUBLE, similarity } from '../similarity.js';
import { count, duration, shortened } from '../wording.js';
import type { Agent, AgentReport, InvestigatedIncident, InvestigationContext } from './agent.js';

const NAME = 'known solution';
const MOST_EARLIER = 3;

/** A pattern that the incident resembles closely enough to ask a person whether it is the same trouble. */
export interface KnownSolution {
  readonly pattern: KnownPattern;
  /** 0..1, the `confidence` of `investigation.known_solution_found`. */
  readonly similarity: number;
}

/** The pattern that the incident resembles most, if it is close enough to be the same trouble. */
export function knownSolutionFor(
  alert: AlertText,
  patterns: readonly KnownPattern[],
): KnownSolution | undefined {
  return patterns
    .map((pattern): KnownSolution => ({ pattern, similarity: likeness(alert, pattern) }))
    .filter((match) => match.similarity >= SAME_TROUBLE)
    .sort((a, b) => b.similarity - a.similarity || compareText(a.pattern.patternId, b.pattern.patternId))[0];
}

/** Asks memory first: kept patterns, and earlier incidents of the service. Reads the alert, not the evidence. */
export const knownSolution: Agent = {
  name: NAME,
  needs: [],
  after: [],
  run(_evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, patterns, earlierIncidents, patternDecision } = context;
    const match = knownSolutionFor(incident, patterns);
    const earlier = earlierFindings(context);
    return {
      agentName: NAME,
      findings: [...(match ? [matchFinding(match, incident)] : []), ...earlier],
      hypotheses: match ? [toHypothesis(match, incident, patternDecision)] : [],
      suspects: [],
      missing: [],
      message: message(patterns.length, earlierIncidents.length, match, earlier.length),
    };
  },
};

function likeness(alert: AlertText, { alerts }: KnownPattern): number {
  return alerts.reduce((best, known) => Math.max(best, similarity(alert, known)), 0);
}

function matchFinding(
  { pattern, similarity: alike }: KnownSolution,
  incident: InvestigatedIncident,
): Finding {
  return finding({
    statement: `The alert is ${percent(alike)} like the known pattern “${shortened(pattern.title)}”.`,
    evidenceIds: [incident.evidenceId, pattern.evidenceId],
    kind: 'known_pattern',
    score: alike,
    data: { patternId: pattern.patternId, runbookUrl: pattern.runbookUrl },
  });
}

function earlierFindings({ incident, earlierIncidents }: InvestigationContext): Finding[] {
  return earlierIncidents
    .map((earlier) => ({ earlier, alike: similarity(incident, earlier) }))
    .filter(({ alike }) => alike >= SAME_TROUBLE)
    .sort((a, b) => b.alike - a.alike || b.earlier.alertedAt - a.earlier.alertedAt)
    .slice(0, MOST_EARLIER)
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

function toHypothesis(
  { pattern, similarity: alike }: KnownSolution,
  incident: InvestigatedIncident,
  decision: PatternDecision | undefined,
): Hypothesis {
  const decided = decision?.patternId === pattern.patternId ? decision.decision : 'undecided';
  const facts = {
    statement: pattern.rootCause ?? pattern.title,
    category: 'known_pattern' as const,
    supportedBy: [incident.evidenceId, pattern.evidenceId],
    contradictedBy: [],
    witnesses: ['known_pattern' as const],
  };
  switch (decided) {
    case 'accepted':
      return hypothesis({ ...facts, score: alike, status: 'supported' });
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

function message(
  patterns: number,
  incidents: number,
  match: KnownSolution | undefined,
  alike: number,
): string {
  const compared = `${count(patterns, 'known pattern')} and ${count(incidents, 'earlier incident')}`;
  if (match) {
    return `Compared with ${compared}; “${shortened(match.pattern.title)}” is ${percent(match.similarity)} alike.`;
  }
  if (patterns + incidents === 0)
    return 'No patterns or earlier incidents are known yet, so none were compared.';
  return `Compared with ${compared}; no pattern matches${alike > 0 ? `, ${count(alike, 'incident')} had a similar alert` : ''}.`;
}

function percent(share: number): string {
  return `${String(Math.floor(share * 100))} %`;
}
