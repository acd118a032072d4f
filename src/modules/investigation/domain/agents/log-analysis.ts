import { errorHypotheses } from '../logs/error-hypotheses.js';
import type { Cited } from '../evidence/cited.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { finding, type Finding, type FindingKind } from '../finding.js';
import { compareLogs, type LogComparison, type TemplateShift } from '../logs/log-comparison.js';
import { logAnomalies } from '../logs/log-anomalies.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { sameService, serviceOf } from '../evidence/service-name.js';
import { combineSuspects, outlierScores } from '../topology/suspects.js';
import { beginning, clockTime, count, listed, shortened } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf, type Suspect } from './agent.js';

const NAME = 'log analysis';
/** Thresholds of `poissonDistance`. A missing message needs a larger distance than a more frequent one. */
const RISEN = 4;
const SILENT = -5;
const MAX_FINDINGS = 12;
/** Milliseconds; the typical look-back of alert rules. */
const UNTIL_ALERTED = 5 * 60_000;
const USUAL_FAILING = 6;
const USUAL_SILENT = 2;

/**
 * Reads log lines and platform events: which messages of failure are new or more frequent since the onset, which
 * messages are missing, and whether they name their cause themselves.
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
    const troubles = comparison.templates.filter(
      (template) => template.isError && isTrouble(template, comparison),
    );
    const shown = troubles.slice(0, MAX_FINDINGS);
    return reportOf(NAME, message(comparison, troubles, context), {
      findings: [
        ...shown.map((template) => troubleFinding(template, comparison, context)),
        ...silences(comparison, context),
        ...quiet(logs, troubles, comparison, context),
      ],
      hypotheses: errorHypotheses(
        troubles.map((template) => ({ template, kind: kindOf(template, comparison) })),
      ),
      suspects: comparison.comparable ? suspects(comparison) : byErrors(troubles),
      missing: comparison.comparable
        ? []
        : [`logs from before ${clockTime(context.onset.at)} to compare with`],
    });
  },
};

/** The time that splits before from after. Without lines after the onset, the last minutes before it count as after. */
function splitOf(logs: readonly Cited<LogLine>[], { onset }: InvestigationContext): number {
  const last = logs.at(-1)?.row.timestamp ?? onset.at;
  return last <= onset.at ? onset.at - UNTIL_ALERTED : onset.at;
}

function isTrouble(template: TemplateShift, { comparable }: LogComparison): boolean {
  if (template.after === 0) return false;
  return !comparable || template.before === 0 || template.z >= RISEN;
}

function troubleFinding(
  template: TemplateShift,
  comparison: LogComparison,
  { onset }: InvestigationContext,
): Finding {
  const what = `${template.entity} logged “${shortened(template.sample)}” ${count(template.after, 'time')} since ${clockTime(template.firstAt)}`;
  return finding({
    statement: `${what}; ${normalCount(template, comparison, onset.at)}.`,
    evidenceIds: template.evidenceIds,
    kind: kindOf(template, comparison),
    entity: template.entity,
    at: template.firstAt,
    score: template.z,
    data: {
      template: beginning(template.text, 300),
      before: template.before,
      after: template.after,
      expected: Math.round(template.expected * 10) / 10,
    },
  });
}

function normalCount(template: TemplateShift, { comparable }: LogComparison, onset: EpochMs): string {
  if (!comparable) return 'there are no earlier lines to compare with';
  if (template.before === 0) return `never before ${clockTime(onset)}`;
  return `about ${count(Math.round(template.expected), 'time')} would have been normal`;
}

function kindOf(template: TemplateShift, { comparable }: LogComparison): FindingKind {
  if (!comparable) return 'error_seen';
  return template.before === 0 ? 'new_error' : 'risen_error';
}

function silences({ templates, comparable }: LogComparison, { onset }: InvestigationContext): Finding[] {
  if (!comparable) return [];
  return templates
    .filter((template) => !template.isError && template.z <= SILENT)
    .slice(-3)
    .reverse()
    .map((template) =>
      finding({
        statement:
          `${template.entity} logged “${shortened(template.sample)}” ${count(template.after, 'time')} since ` +
          `${clockTime(onset.at)}; about ${count(Math.round(template.expected), 'time')} would have been normal.`,
        evidenceIds: template.evidenceIds,
        kind: 'missing_message',
        entity: template.entity,
        at: onset.at,
        score: -template.z,
        data: { template: beginning(template.text, 300), before: template.before, after: template.after },
      }),
    );
}

/** A finding that the logs are normal, if the failing service has lines both before and after the onset. */
function quiet(
  logs: readonly Cited<LogLine>[],
  troubles: readonly TemplateShift[],
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
  const { errors, missing } = logAnomalies(comparison);
  const population = comparison.byEntity.size;
  return combineSuspects(
    outlierScores(errors, { tolerance: USUAL_FAILING, population }),
    outlierScores(missing, { tolerance: USUAL_SILENT, population }),
  );
}

/** Without a baseline: the entities that log the most errors. */
function byErrors(troubles: readonly TemplateShift[]): Suspect[] {
  const lines = new Map<string, number>();
  for (const { entity, after } of troubles) lines.set(entity, (lines.get(entity) ?? 0) + Math.log1p(after));
  return outlierScores(lines, { tolerance: USUAL_FAILING, population: lines.size });
}

function message(
  comparison: LogComparison,
  troubles: readonly TemplateShift[],
  { onset }: InvestigationContext,
): string {
  const errors = comparison.templates.filter((template) => template.isError);
  const lines = errors.reduce((sum, template) => sum + template.before + template.after, 0);
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
