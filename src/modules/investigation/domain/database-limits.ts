import type { EvidenceSet, MetricSeries } from './evidence-set.js';
import type { EpochMs } from './evidence.js';
import type { FailureMode } from './failure-mode.js';

/** A limit that a database reached. */
export interface ReachedLimit {
  readonly mode: FailureMode;
  readonly entity: string;
  /** Reads on after the entity. */
  readonly says: string;
  /** 1 where the limit lies; more is worse. */
  readonly severity: number;
  readonly evidenceIds: readonly string[];
}

const CPU_PERCENT = 85;
const LAG_SECONDS = 300;
const LOCK_WAIT_SECONDS = 5;
/** Of the most that was ever free. */
const FREE_SHARE = 0.05;
const CONNECTION_SHARE = 0.9;
const LATELY = 1 / 3;
const MINUTE = 60_000;

const FULL = /no space left|storage.?full|out of (?:disk|storage) space|ran out of storage/i;
const NO_CONNECTION = /remaining connection slots|too many (?:clients|connections)/i;
const OF_MAXIMUM = /(\d{1,6}) (?:of|out of|\/) (\d{1,6})/;
const FAILED_OVER = /failover (?:initiated|started|in progress|completed)/i;

/**
 * What a managed database ran into, by what it measures of itself over the last third of its samples and by what it
 * reported meanwhile. Worst first.
 */
export function reachedLimits(evidence: EvidenceSet): ReachedLimit[] {
  if (!evidence.has('database')) return [];
  const series = evidence.series.filter(({ evidenceIds }) =>
    evidenceIds.some((id) => isDatabase(evidence, id)),
  );
  const started = Math.min(...series.map(({ timestamps }) => timestamps[0] ?? Number.POSITIVE_INFINITY));
  const limits = [...series.flatMap(measured), ...reported(evidence, started - 10 * MINUTE)];
  return limits.sort((a, b) => b.severity - a.severity);
}

function isDatabase({ items }: EvidenceSet, id: string): boolean {
  return items.some(({ type, evidenceId }) => type === 'database' && evidenceId === id);
}

function measured(series: MetricSeries): ReachedLimit[] {
  const name = series.metric.toLowerCase().replaceAll(/[^a-z]/g, '');
  const recent = series.values.slice(-Math.max(1, Math.ceil(series.values.length * LATELY)));
  const typical = [...recent].sort((a, b) => a - b)[Math.floor(recent.length / 2)] ?? 0;
  const { entity, evidenceIds } = series;
  const limit = (mode: FailureMode, severity: number, says: string): ReachedLimit[] =>
    severity >= 1 ? [{ mode, entity, says, severity, evidenceIds }] : [];
  if (/^cpu(?:util|usage|percent|pct)/.test(name)) {
    return limit('cpu_saturation', typical / CPU_PERCENT, `uses ${Math.round(typical)} % of its CPU`);
  }
  if (/replica(?:tion)?lag/.test(name)) {
    return limit('replication_lag', typical / LAG_SECONDS, `lags ${Math.round(typical)} s behind its source`);
  }
  if (/^longestlockwait/.test(name)) {
    return limit(
      'lock_contention',
      typical / LOCK_WAIT_SECONDS,
      `lets sessions wait ${Math.round(typical)} s for a lock`,
    );
  }
  if (/free(?:storage|disk)/.test(name)) {
    const most = Math.max(...series.values);
    const share = Math.min(...recent) / most;
    // Beside the smallest share that is still free, a limit that is passed by much is passed for good.
    return most > 0 && share < FREE_SHARE
      ? limit('storage_full', 2 + FREE_SHARE - share, `has ${Math.round(share * 100)} % of its storage left`)
      : [];
  }
  return [];
}

/** What the database and its clients reported while it was measured; older reports are another story. */
function reported(evidence: EvidenceSet, since: EpochMs): ReachedLimit[] {
  return evidence.logs.flatMap(({ row: { entity, message, timestamp }, evidenceId }): ReachedLimit[] => {
    if (timestamp < since) return [];
    const limit = (mode: FailureMode, severity: number, says: string) => [
      { mode, entity, says, severity, evidenceIds: [evidenceId] },
    ];
    if (FAILED_OVER.test(message)) return limit('failover', 3, 'failed over to its standby');
    if (FULL.test(message)) return limit('storage_full', 2, 'has no storage left');
    if (NO_CONNECTION.test(message)) return limit('connection_exhaustion', 2, 'has no connection left');
    const [, used, of] = /connections/i.test(message) ? (OF_MAXIMUM.exec(message) ?? []) : [];
    return used !== undefined && Number(used) / Number(of) >= CONNECTION_SHARE
      ? limit('connection_exhaustion', 1.5, `has ${used} of ${of ?? ''} connections in use`)
      : [];
  });
}
