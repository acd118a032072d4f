import { errorHypotheses } from '../logs/error-hypotheses.js';
import type { Cited, EvidenceSet } from '../evidence/evidence-set.js';
import type { LogLine } from '../evidence/evidence.js';
import { finding, type Finding, type FindingKind } from '../finding.js';
import { compareLogs, type LogComparison, type TemplateUse } from '../logs/log-comparison.js';
import { logChannels } from '../logs/log-channels.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { sameService, serviceOf } from '../evidence/service-name.js';
import { standingOut, together } from '../topology/suspects.js';
import { beginning, clockTime, count, listed, shortened } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf, type Suspect } from './agent.js';

const NAME = 'log analysis';
/** Poisson distances: a risen message must stand out further than a new one, and a silence further still. */
const RISEN = 4;
const SILENT = -5;
const MOST_FINDINGS = 12;
/** Alert rules look back about so long. */
const UNTIL_ALERTED = 5 * 60_000;
const USUAL_FAILING = 6;
const USUAL_SILENT = 2;

/**
 * Reads log lines and platform events: which messages of failure are new or more frequent since the onset, which
 * messages fell silent, and whether they name their cause themselves.
 */
export const logAnalysis: Agent = {
  name: NAME,
  needs: ['log', 'platform_event'],
  after: [],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const logs = evidence.logsAround(context.incident.alertedAt);
    if (logs.length === 0) {
      return reportOf(NAME, 'No logs were attached or pulled, so none were read.', {
        missing: [missingEvidence('logs', context.incident)],
      });
    }
    const comparison = compareLogs(logs, splitOf(logs, context));
    const troubles = comparison.uses.filter((use) => use.isError && isTrouble(use, comparison));
    const shown = troubles.slice(0, MOST_FINDINGS);
    return reportOf(NAME, message(comparison, troubles, context), {
      findings: [
        ...shown.map((use) => troubleFinding(use, comparison, context)),
        ...silences(comparison, context),
        ...quiet(logs, troubles, comparison, context),
      ],
      hypotheses: errorHypotheses(troubles.map((use) => ({ use, kind: kindOf(use, comparison) }))),
      suspects: comparison.comparable ? suspects(comparison) : byErrors(troubles),
      missing: comparison.comparable
        ? []
        : [`logs from before ${clockTime(context.onset.at)} to compare with`],
    });
  },
};

/** Where nothing was written since the onset, the onset is the alert's own time: the last minutes before it are now. */
function splitOf(logs: readonly Cited<LogLine>[], { onset }: InvestigationContext): number {
  const last = logs.at(-1)?.row.timestamp ?? onset.at;
  return last <= onset.at ? onset.at - UNTIL_ALERTED : onset.at;
}

function isTrouble(use: TemplateUse, { comparable }: LogComparison): boolean {
  if (use.after === 0) return false;
  return !comparable || use.before === 0 || use.z >= RISEN;
}

function troubleFinding(
  use: TemplateUse,
  comparison: LogComparison,
  { onset }: InvestigationContext,
): Finding {
  const what = `${use.entity} logged “${shortened(use.sample)}” ${count(use.after, 'time')} since ${clockTime(use.firstAt)}`;
  const before = !comparison.comparable
    ? 'there are no earlier lines to compare with'
    : use.before === 0
      ? `never before ${clockTime(onset.at)}`
      : `about ${count(Math.round(use.expected), 'time')} would have been normal`;
  return finding({
    statement: `${what}; ${before}.`,
    evidenceIds: use.evidenceIds,
    kind: kindOf(use, comparison),
    entity: use.entity,
    at: use.firstAt,
    score: use.z,
    data: {
      template: beginning(use.template, 300),
      before: use.before,
      after: use.after,
      expected: Math.round(use.expected * 10) / 10,
    },
  });
}

function kindOf(use: TemplateUse, { comparable }: LogComparison): FindingKind {
  if (!comparable) return 'error_seen';
  return use.before === 0 ? 'new_error' : 'risen_error';
}

function silences({ uses, comparable }: LogComparison, { onset }: InvestigationContext): Finding[] {
  if (!comparable) return [];
  return uses
    .filter((use) => !use.isError && use.z <= SILENT)
    .slice(-3)
    .reverse()
    .map((use) =>
      finding({
        statement:
          `${use.entity} logged “${shortened(use.sample)}” ${count(use.after, 'time')} since ` +
          `${clockTime(onset.at)}; about ${count(Math.round(use.expected), 'time')} would have been normal.`,
        evidenceIds: use.evidenceIds,
        kind: 'missing_message',
        entity: use.entity,
        at: onset.at,
        score: -use.z,
        data: { template: beginning(use.template, 300), before: use.before, after: use.after },
      }),
    );
}

/** That nothing is wrong is a finding too, but only where the failing service itself was read before and after. */
function quiet(
  logs: readonly Cited<LogLine>[],
  troubles: readonly TemplateUse[],
  { comparable, linesAfter }: LogComparison,
  { incident, onset }: InvestigationContext,
): Finding[] {
  if (troubles.length > 0 || !comparable || linesAfter === 0) return [];
  const { service } = incident;
  const own = logs.filter(({ row }) => service === null || sameService(row.entity, service));
  const after = own.filter(({ row }) => row.timestamp >= onset.at);
  if (after.length === 0 || after.length === own.length) return [];
  return [
    finding({
      statement:
        `${count(own.length, 'line')} of ${service ?? 'all services'} around ${clockTime(incident.alertedAt)} hold ` +
        `no message of failure that is new or more frequent.`,
      evidenceIds: own.map(({ evidenceId }) => evidenceId),
      kind: 'logs_quiet',
      at: onset.at,
    }),
  ];
}

function suspects(comparison: LogComparison): Suspect[] {
  const { failing, silent } = logChannels(comparison);
  const among = comparison.byEntity.size;
  return together(
    standingOut(failing, { usual: USUAL_FAILING, among }),
    standingOut(silent, { usual: USUAL_SILENT, among }),
  );
}

/** With nothing to compare with, whoever logs most of the errors. */
function byErrors(troubles: readonly TemplateUse[]): Suspect[] {
  const lines = new Map<string, number>();
  for (const { entity, after } of troubles) lines.set(entity, (lines.get(entity) ?? 0) + Math.log1p(after));
  return standingOut(lines, { usual: USUAL_FAILING, among: lines.size });
}

function message(
  comparison: LogComparison,
  troubles: readonly TemplateUse[],
  { onset }: InvestigationContext,
): string {
  const errors = comparison.uses.filter((use) => use.isError);
  const lines = errors.reduce((sum, use) => sum + use.before + use.after, 0);
  const all = comparison.linesBefore + comparison.linesAfter;
  if (lines === 0) {
    return `Read ${count(all, 'line')} of ${count(comparison.byEntity.size, 'service')}; none speaks of failure.`;
  }
  const where = new Set(errors.map(({ entity }) => serviceOf(entity))).size;
  const found = `Found ${count(lines, 'error line')} in ${count(where, 'service')}`;
  if (!comparison.comparable) {
    return `${found}; there are no lines before ${clockTime(onset.at)} to compare with.`;
  }
  if (troubles.length === 0) return `${found}; none is new or more frequent since ${clockTime(onset.at)}.`;
  const fresh = troubles.filter(({ before }) => before === 0).length;
  const risen = troubles.length - fresh;
  const parts = [
    `${count(fresh, 'message pattern')} ${fresh === 1 ? 'is' : 'are'} new`,
    ...(risen > 0 ? [`${String(risen)} more frequent`] : []),
  ];
  return `${found}; ${listed(parts)} since ${clockTime(onset.at)}.`;
}
