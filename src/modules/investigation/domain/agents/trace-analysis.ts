import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { combineSuspects, outlierScores } from '../topology/suspects.js';
import {
  missingCalls,
  type MissingCall,
  MISSING_CALL_Z,
  type MissingCallSource,
  missingCallSources,
  slowEdges,
  type SlowEdge,
  slownessByEntity,
} from '../traces/call-anomalies.js';
import { statisticsOfSpans } from '../traces/trace-statistics.js';
import { amount, clockTime, count } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'trace analysis';
const MAX_SHOWN = 4;
/** The smallest growth of a call's network time to report. */
const NOTABLE_SIZE = 0.7;
const USUAL_SLOWNESS = 2;
const USUAL_SILENCE = 4;

/** Compares calls with a baseline: callees that answer later over the network, and callers that make fewer calls. */
export const traceAnalysis: Agent = {
  name: NAME,
  needs: ['trace'],
  after: [],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const statistics = [
      ...evidence.traceStatistics.map(({ row, evidenceId }) => ({ row, evidenceIds: [evidenceId] })),
      ...statisticsOfSpans(evidence.spans, context.onset.at),
    ];
    if (statistics.length === 0) {
      return reportOf(NAME, 'No traces were attached or pulled, so none were read.', {
        missing: [missingEvidence('traces', context.incident)],
      });
    }
    const edges = slowEdges(statistics);
    const calls = missingCalls(statistics);
    const slow = edges.filter(({ growth }) => growth >= NOTABLE_SIZE).slice(0, MAX_SHOWN);
    const missed = calls.filter(({ z }) => z >= MISSING_CALL_Z).slice(0, MAX_SHOWN);
    const silent = missingCallSources(calls, statistics);
    const population = new Set(
      statistics.flatMap(({ row }) => [row.entity, ...(row.caller === undefined ? [] : [row.caller])]),
    ).size;
    const suspects = combineSuspects(
      outlierScores(slownessByEntity(edges), { tolerance: USUAL_SLOWNESS, population }),
      outlierScores(new Map(silent.map(({ entity, worst }) => [entity, worst.z])), {
        tolerance: USUAL_SILENCE,
        population,
      }),
    );
    return reportOf(NAME, message(population, slow, missed), {
      findings: [
        ...slow.map((edge) => slowFinding(edge, context)),
        ...missed.map((call) => missedFinding(call, context)),
      ],
      hypotheses: hypothesesOf(slow[0], silent[0]),
      suspects,
    });
  },
};

function slowFinding(
  { caller, callee, before, now, growth, evidenceIds }: SlowEdge,
  { onset }: InvestigationContext,
): Finding {
  return finding({
    statement: `A call from ${caller} to ${callee} spends ${amount(now)} ms on the way instead of ${amount(before)} ms since ${clockTime(onset.at)}.`,
    evidenceIds,
    kind: 'slow_call',
    entity: callee,
    at: onset.at,
    score: growth,
    data: { caller, before, now },
  });
}

function missedFinding(call: MissingCall, { onset }: InvestigationContext): Finding {
  const { caller, callerOperation, callee, operation, expected, count: seen, z, evidenceIds } = call;
  return finding({
    statement:
      `${caller} (${callerOperation}) called ${operation} of ${callee} ${count(seen, 'time')} since ${clockTime(onset.at)}; ` +
      `about ${amount(Math.round(expected))} would have been normal.`,
    evidenceIds,
    kind: 'missing_call',
    entity: caller,
    at: onset.at,
    score: z,
    data: { callee, expected: Math.round(expected), count: seen },
  });
}

function hypothesesOf(edge: SlowEdge | undefined, silent: MissingCallSource | undefined): Hypothesis[] {
  return [
    ...(edge
      ? [
          hypothesis({
            statement: `Calls to ${edge.callee} lose time on the way: ${amount(edge.now)} ms instead of ${amount(edge.before)} ms from ${edge.caller}`,
            score: 0.3 + 0.25 * Math.min(1, edge.growth / 4),
            status: 'supported',
            supportedBy: edge.evidenceIds,
            category: 'dependency',
            witnesses: ['slow_call'],
            entity: edge.callee,
          }),
        ]
      : []),
    ...(silent && silent.worst.z >= MISSING_CALL_Z
      ? [
          hypothesis({
            statement: brokenOff(silent),
            score: 0.3 + 0.25 * Math.min(1, silent.worst.z / 20),
            status: 'supported',
            supportedBy: silent.evidenceIds,
            category: 'errors',
            witnesses: ['missing_call'],
            entity: silent.entity,
          }),
        ]
      : []),
  ];
}

function brokenOff({ entity, worst, callers }: MissingCallSource): string {
  return callers.includes(entity)
    ? `${entity} breaks off: it calls ${worst.operation} ${count(worst.count, 'time')} instead of ${amount(Math.round(worst.expected))}`
    : `The trouble is inside ${entity}: ${callers.join(' and ')} break off after calling it`;
}

function message(entities: number, slow: readonly SlowEdge[], missed: readonly MissingCall[]): string {
  const read = `Compared the calls of ${count(entities, 'entity', 'entities')}`;
  const parts = [
    ...(slow[0]
      ? [`calls to ${slow[0].callee} take ${amount(slow[0].now - slow[0].before)} ms longer on the way`]
      : []),
    ...(missed[0]
      ? [
          `${missed[0].caller} makes ${amount(Math.round(missed[0].expected - missed[0].count))} calls less than expected`,
        ]
      : []),
  ];
  return parts.length > 0
    ? `${read}; ${parts.join(', and ')}.`
    : `${read}; none is slower or rarer than normal.`;
}
