import { reachedLimits } from '../platform/database-limits.js';
import { hasLimit, type ReachedLimit } from '../platform/database-measures.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { FailureMode } from '../platform/failure-mode.js';
import { finding } from '../finding.js';
import { type CauseCategory, hypothesis, type Hypothesis } from '../hypothesis.js';
import { count, listed, shortened } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'database health';
const MAX_SHOWN = 4;
const SCORE = 0.65;
const CATEGORY: Partial<Record<FailureMode, CauseCategory>> = { failover: 'external' };
const WAITS = /^(?:waits on|statement)/;

/** Compares a database's own metrics with known limits, and reports what its sessions wait on. */
export const databaseHealth: Agent = {
  name: NAME,
  needs: ['database'],
  after: [],
  run(evidence: EvidenceSet, { incident }: InvestigationContext): AgentReport {
    if (!evidence.has('database')) {
      return reportOf(NAME, 'Nothing that a database says of itself was attached or pulled.');
    }
    const alert = {
      text: `${incident.title}\n${incident.description}`,
      evidenceId: incident.evidenceId,
    };
    const limits = distinct(reachedLimits(evidence, alert)).slice(0, MAX_SHOWN);
    const measures = evidence.databaseSeries.filter(hasLimit);
    const quiet =
      limits.length === 0 && measures.length > 0
        ? [
            finding({
              statement: `None of ${count(measures.length, 'measure')} of the database is near a limit.`,
              evidenceIds: measures.flatMap(({ evidenceIds }) => evidenceIds),
              kind: 'platform_quiet',
              at: incident.alertedAt,
            }),
          ]
        : [];
    const waits = evidence.notes.filter(({ row }) => WAITS.test(row.text));
    const message = `Compared ${count(measures.length, 'measure')} of the database with what databases run into; ${
      limits[0] ? `${limits[0].entity} ${limits[0].says}` : 'none is near a limit'
    }.`;
    return reportOf(NAME, message, {
      suspects: limits.slice(0, 1).map(({ entity }) => ({ entity, score: 1 })),
      findings: [
        ...limits.map((limit) =>
          finding({
            statement: `${limit.entity} ${limit.says}.`,
            evidenceIds: limit.evidenceIds,
            kind: 'database_limit',
            entity: limit.entity,
            score: limit.severity,
          }),
        ),
        ...quiet,
      ],
      hypotheses: limits.slice(0, 1).map((limit) =>
        toHypothesis(
          limit,
          waits.map(({ row }) => row.text),
        ),
      ),
    });
  },
};

function toHypothesis(limit: ReachedLimit, waits: readonly string[]): Hypothesis {
  const busy =
    waits.length > 0
      ? `, mostly ${listed(
          waits.map((wait) => shortened(wait, 120)),
          2,
        )}`
      : '';
  return hypothesis({
    statement: `${limit.entity} ${limit.says}${busy}`,
    score: SCORE,
    status: 'supported',
    supportedBy: limit.evidenceIds,
    category: CATEGORY[limit.mode] ?? 'resource',
    witnesses: ['database_limit'],
    entity: limit.entity,
    failureMode: limit.mode,
  });
}

function distinct(limits: readonly ReachedLimit[]): ReachedLimit[] {
  return limits.filter(
    ({ mode, entity }, i) => limits.findIndex((each) => each.mode === mode && each.entity === entity) === i,
  );
}
