import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs } from '../evidence/evidence.js';
import { least, limitsReachedBy, type ReachedLimit } from './database-measures.js';
import type { FailureMode } from './failure-mode.js';

/** The alert as evidence about the database. */
export interface Alert {
  readonly text: string;
  readonly evidenceId: string;
}

/**
 * Earlier modes cause later ones: a full disk stops replication, sessions that pile up cost CPU. If several limits are
 * reached, the first is the one to fix.
 */
const CAUSES_FIRST: readonly FailureMode[] = [
  'storage_full',
  'failover',
  'connection_exhaustion',
  'replication_lag',
  'cpu_saturation',
  'lock_contention',
];

const CONNECTION_SHARE = 0.9;
/** Relative to the usual number of connections: refused connections come with more, a failover with almost none. */
const MORE_CONNECTIONS = 1.2;
const NO_CONNECTIONS = 0.1;
const MINUTE = 60_000;

const FULL =
  /no space left|storage.?full|(?:out of|exhausted)[^\n]{0,40}(?:disk|storage)|storage[^\n]{0,40}(?:exhausted|ran out)|free storage[^\n]{0,80}is low|used 9\d ?%[^\n]{0,40}storage/i;
const NO_CONNECTION = /remaining connection slots|too many (?:clients|connections)/i;
const CONNECTIONS = /connection/i;
/** `connection attempt 3 of 3 failed` is not a number of connections. */
const ATTEMPTS = /attempt|\bretr(?:y|ies|ying)\b|\btr(?:y|ies|ied)\b/i;
const OF_MAXIMUM = /(\d{1,6}) (?:of|out of|\/) (?:max_connections )?(\d{1,6})/;
const FAILED_OVER =
  /fail(?:ed)?.?over[^\n]{0,40}(?:initiated|started|in progress|completed?)|(?:started|starting|completed|beginning)[^\n]{0,40}failover|failed over|failover[^\n]{0,40}(?:was|has) completed?/i;
const NO_FAILOVER = /\b(?:no|not|without)\b[^\n]{0,20}fail.?over/i;
const REPLICATION_STOPPED =
  /(?:replication|replica)\b[^\n]{0,80}(?:has been (?:stopped|terminated)|fallen behind|is behind)|replication lag exceeded/i;

/**
 * The limits that a managed database reached, by its own metrics over the last third of the samples and by messages of
 * the database and its clients in that time. Sorted causes first (`CAUSES_FIRST`).
 */
export function reachedLimits(evidence: EvidenceSet, alert?: Alert): ReachedLimit[] {
  if (!evidence.has('database')) return [];
  const series = evidence.databaseSeries;
  const started = least(series.flatMap(({ timestamps }) => timestamps.slice(0, 1)));
  const limits = [
    ...series.flatMap(limitsReachedBy),
    ...reported(evidence, started - 10 * MINUTE),
    ...(alert ? series.flatMap((each) => alerted(each, alert)) : []),
  ];
  return limits.sort(
    (a, b) => CAUSES_FIRST.indexOf(a.mode) - CAUSES_FIRST.indexOf(b.mode) || b.severity - a.severity,
  );
}

/** An alert's text may be wrong or old, so it only counts if the connection metric agrees. */
function alerted({ entity, metric, values, evidenceIds }: MetricSeries, alert: Alert): ReachedLimit[] {
  if (!/connections/i.test(metric)) return [];
  const ids = [...evidenceIds, alert.evidenceId];
  const sorted = [...values].sort((a, b) => a - b);
  const usual = values.slice(0, Math.max(1, Math.floor(values.length / 5))).sort((a, b) => a - b)[0] ?? 0;
  if (NO_CONNECTION.test(alert.text) && (sorted.at(-1) ?? 0) >= usual * MORE_CONNECTIONS) {
    return [
      { mode: 'connection_exhaustion', entity, says: 'refuses connections', severity: 1, evidenceIds: ids },
    ];
  }
  const gone = (sorted[0] ?? 0) <= (sorted[Math.floor(sorted.length / 2)] ?? 0) * NO_CONNECTIONS;
  return gone && FAILED_OVER.test(alert.text)
    ? [
        {
          mode: 'failover',
          entity,
          says: 'lost its connections in a failover',
          severity: 1,
          evidenceIds: ids,
        },
      ]
    : [];
}

/** Limits reported in messages since `since`; older messages are about something else. */
function reported(evidence: EvidenceSet, since: EpochMs): ReachedLimit[] {
  return evidence.logs.flatMap(({ row: { entity, message, timestamp }, evidenceId }): ReachedLimit[] => {
    if (timestamp < since) return [];
    const limit = (mode: FailureMode, severity: number, says: string) => [
      { mode, entity, says, severity, evidenceIds: [evidenceId] },
    ];
    if (FAILED_OVER.test(message) && !NO_FAILOVER.test(message))
      return limit('failover', 1, 'failed over to its standby');
    if (FULL.test(message)) return limit('storage_full', 1, 'has no storage left');
    if (NO_CONNECTION.test(message)) return limit('connection_exhaustion', 1, 'has no connection left');
    if (REPLICATION_STOPPED.test(message)) return limit('replication_lag', 1, 'no longer follows its source');
    const isCount = CONNECTIONS.test(message) && !ATTEMPTS.test(message);
    const [, used, of] = isCount ? (OF_MAXIMUM.exec(message) ?? []) : [];
    return used !== undefined && Number(used) / Number(of) >= CONNECTION_SHARE
      ? limit('connection_exhaustion', 1, `has ${used} of ${of ?? ''} connections in use`)
      : [];
  });
}
