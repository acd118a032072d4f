import type { InvestigatedIncident } from './agents/agent.js';
import type { EvidenceSet } from './evidence/evidence-set.js';
import type { Change, EpochMs, Evidence, LogLine, Span } from './evidence/evidence.js';
import type { Mask } from './masking.js';

/** A run's evidence in the format `rca-case/1`, which `npm run eval` reads. It does not contain the answer. */
export interface EvalCase {
  readonly schema: 'rca-case/1';
  readonly id: string;
  readonly dataset: string;
  readonly alert: object;
  readonly metrics: { readonly series: readonly object[] };
  readonly logs: { readonly lines: readonly object[] };
  readonly traces: { readonly spans: readonly object[] };
  readonly topology: { readonly edges: readonly (readonly [string, string])[] };
  readonly changes: {
    readonly commits: readonly object[];
    readonly deploys: readonly object[];
    readonly flags: readonly object[];
  };
  /** Rows that the fields above cannot express, in the product's own format, by type of evidence. */
  readonly rows: readonly { readonly type: Evidence['type']; readonly rows: readonly object[] }[];
}

/** The answer, which is stored apart from the case. */
export interface EvalLabel {
  readonly dataset: string;
  readonly root_cause_entity: string | null;
  /** Full SHA; `none` if there were commits and none is the cause. */
  readonly root_cause_commit?: string;
  readonly failure_mode?: string;
  readonly kind: 'recorded';
}

/** The labels that a person provides; those left out are taken from the run. */
export interface KnownTruth {
  readonly rootCauseEntity?: string | null | undefined;
  readonly rootCauseCommit?: string | undefined;
  readonly failureMode?: string | undefined;
}

/** @param found the run's own answer */
export function evalLabelOf(
  dataset: string,
  truth: KnownTruth,
  found: KnownTruth,
  evidence: EvidenceSet,
): EvalLabel {
  const hasCommits = evidence.changes.some(({ row }) => row.commit !== undefined);
  const { rootCauseEntity = found.rootCauseEntity ?? null } = truth;
  const commit = truth.rootCauseCommit ?? (hasCommits ? (found.rootCauseCommit ?? 'none') : undefined);
  const failureMode = truth.failureMode ?? found.failureMode;
  return {
    dataset,
    root_cause_entity: rootCauseEntity,
    ...(commit !== undefined && { root_cause_commit: commit }),
    ...(failureMode !== undefined && { failure_mode: failureMode }),
    kind: 'recorded',
  };
}

/**
 * Notes and runbooks are left out, since people write the answer into them. Every text is masked, entity names included,
 * so that one address is the same placeholder everywhere.
 */
export function evalCaseOf(
  id: string,
  dataset: string,
  incident: InvestigatedIncident,
  evidence: EvidenceSet,
  mask: Mask,
): EvalCase {
  const changes = evidence.changes.map(({ row }) => row);
  const logs = evidence.items.flatMap((item) => (item.type === 'log' ? item.rows : []));
  return mask.maskAll<EvalCase>({
    schema: 'rca-case/1',
    id,
    dataset,
    alert: {
      title: incident.title,
      summary: incident.description,
      service: incident.service,
      environment: incident.environment,
      severity: incident.severity,
      fired_at: timeOf(incident.alertedAt),
    },
    metrics: {
      series: evidence.series.map(({ entity, instance, metric, unit, timestamps, values }) => ({
        entity,
        instance,
        metric,
        unit,
        v: values,
        v_offset_s: timestamps.map((timestamp) => (timestamp - incident.alertedAt) / 1000),
      })),
    },
    logs: { lines: logs.map(lineOf) },
    traces: { spans: evidence.spans.map(({ row }) => spanOf(row)) },
    topology: { edges: evidence.edges.map(({ row: { caller, callee } }) => [caller, callee] as const) },
    changes: {
      commits: changes.filter(({ type }) => type === 'code').map(commitOf),
      deploys: changes.filter(({ type }) => type === 'deploy').map(deployOf),
      flags: changes.filter(({ type }) => type === 'flag').map(flagOf),
    },
    rows: [
      ...rowsOf(
        'platform_event',
        evidence.items.flatMap((item) => (item.type === 'platform_event' ? item.rows : [])),
      ),
      ...rowsOf(
        'trace',
        evidence.traceStatistics.map(({ row }) => row),
      ),
      ...rowsOf(
        'config_change',
        changes.filter(({ type }) => !['code', 'deploy', 'flag'].includes(type)),
      ),
    ],
  });
}

function rowsOf(type: Evidence['type'], rows: readonly object[]): EvalCase['rows'] {
  return rows.length === 0 ? [] : [{ type, rows }];
}

function lineOf({ timestamp, entity, level, message, count }: LogLine): object {
  return { timestamp: timeOf(timestamp), service: entity, severity_text: level, msg: message, count };
}

function spanOf({ traceId, spanId, parentSpanId, entity, operation, startedAt, durationMs, status }: Span) {
  const [start, duration_ms] = [timeOf(startedAt), durationMs];
  const ids = { trace_id: traceId, span_id: spanId, parent_id: parentSpanId };
  return { ...ids, service: entity, name: operation, start, duration_ms, status };
}

function commitOf({ service, summary, occurredAt, paths, diff, ...change }: Change): object {
  const sha = change.commit ?? change.changeId;
  return { sha, service, message: summary, timestamp: timeOf(occurredAt), files_changed: paths, diff };
}

function deployOf({ service, version, commit, summary, occurredAt }: Change): object {
  return { service, version, commit_sha: commit, summary, timestamp: timeOf(occurredAt) };
}

function flagOf({ service, summary, occurredAt }: Change): object {
  return { service, flag: summary, timestamp: timeOf(occurredAt) };
}

function timeOf(at: EpochMs): string {
  return new Date(at).toISOString();
}
