import type { PulledRow, PulledType } from '../../api.js';
import { numberOf, textOf } from '../read-json.js';

type Row = Readonly<Record<string, unknown>>;

interface RowContext {
  /** The name of the database in findings. */
  readonly entity: string;
  readonly timestamp: number;
}

/** One check of the server: its query, and how the result is interpreted. */
export interface HealthCheck {
  readonly name: string;
  readonly sql: string;
  interpret(
    rows: readonly Row[],
    context: RowContext,
  ): { readonly type: PulledType; readonly rows: readonly PulledRow[] }[];
}

const CLIENTS = `backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`;

/** All names are qualified with their schema, so that objects of the database cannot shadow them. */
export const HEALTH_CHECKS: readonly HealthCheck[] = [
  {
    name: 'connections',
    sql: `SELECT count(*) AS used, count(*) FILTER (WHERE state = 'active') AS active,
                 count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,
                 count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_locks,
                 EXTRACT(epoch FROM max(now() - query_start) FILTER (WHERE wait_event_type = 'Lock'))::double precision
                   AS longest_lock_wait,
                 pg_catalog.current_setting('max_connections') AS most
            FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'`,
    interpret: ([row = {}], context) => [
      {
        type: 'database',
        rows: metrics(row, context, [
          ['used', 'connections_used'],
          ['most', 'connections_max'],
          ['active', 'connections_active'],
          ['idle_in_transaction', 'connections_idle_in_transaction'],
          ['waiting_for_locks', 'sessions_waiting_for_locks'],
          ['longest_lock_wait', 'longest_lock_wait', 's'],
        ]),
      },
      {
        type: 'platform_event',
        rows: [
          {
            ...context,
            message: `${textFor(row['used'])} of ${textFor(row['most'])} connections are in use`,
          },
        ],
      },
    ],
  },
  {
    name: 'locks',
    sql: `SELECT a.pid, a.wait_event, a.query, EXTRACT(epoch FROM now() - a.query_start)::integer AS seconds,
                 b.pid AS blocker, b.state AS blocker_state, b.query AS blocker_query,
                 EXTRACT(epoch FROM now() - b.xact_start)::integer AS blocker_seconds
            FROM pg_catalog.pg_stat_activity a
            CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) AS p (pid)
            JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid
           WHERE a.wait_event_type = 'Lock' ORDER BY a.query_start LIMIT 20`,
    interpret: notes(
      ({ pid, wait_event, query, seconds, blocker, blocker_state, blocker_query, blocker_seconds }) =>
        `waits on Lock ${textFor(wait_event)} for ${textFor(seconds)} s behind session ${textFor(blocker)}, ${textFor(blocker_state)}, ` +
        `in a transaction for ${textFor(blocker_seconds)} s (${masked(blocker_query)}): session ${textFor(pid)} (${masked(query)})`,
    ),
  },
  {
    name: 'waits',
    sql: `SELECT wait_event_type, wait_event, count(*) AS sessions FROM pg_catalog.pg_stat_activity
           WHERE ${CLIENTS} AND state = 'active' AND wait_event IS NOT NULL
           GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20`,
    interpret: notes(
      ({ wait_event_type, wait_event, sessions }) =>
        `waits on ${textFor(wait_event_type)} ${textFor(wait_event)}: ${textFor(sessions)} sessions`,
    ),
  },
  {
    name: 'long statements',
    sql: `SELECT pid, state, query, EXTRACT(epoch FROM now() - xact_start)::integer AS seconds
            FROM pg_catalog.pg_stat_activity
           WHERE ${CLIENTS} AND state <> 'idle' AND xact_start < now() - interval '5 seconds'
           ORDER BY xact_start LIMIT 20`,
    interpret: notes(
      ({ pid, state, query, seconds }) =>
        `statement of session ${textFor(pid)}, ${textFor(state)}, in a transaction for ${textFor(seconds)} s: ${masked(query)}`,
    ),
  },
  {
    name: 'database',
    sql: `SELECT deadlocks, conflicts, temp_bytes, xact_rollback, pg_catalog.age(d.datfrozenxid) AS age,
                 pg_catalog.pg_database_size(d.oid) AS size,
                 blks_hit::double precision / nullif(blks_hit + blks_read, 0) AS hit_ratio
            FROM pg_catalog.pg_stat_database s JOIN pg_catalog.pg_database d ON d.oid = s.datid
           WHERE d.datname = pg_catalog.current_database()`,
    interpret: ([row = {}], context) => [
      {
        type: 'database',
        rows: metrics(row, context, [
          ['deadlocks', 'deadlocks'],
          ['conflicts', 'recovery_conflicts'],
          ['temp_bytes', 'temporary_files', 'bytes'],
          ['xact_rollback', 'rollbacks'],
          ['age', 'transaction_id_age'],
          ['size', 'size', 'bytes'],
          ['hit_ratio', 'cache_hit_ratio', 'ratio'],
        ]),
      },
    ],
  },
  {
    name: 'replication',
    sql: `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN
                   CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE status = 'streaming')
                         AND pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0
                        ELSE EXTRACT(epoch FROM now() - pg_catalog.pg_last_xact_replay_timestamp()) END
                 WHEN count(*) > 0 THEN coalesce(max(EXTRACT(epoch FROM replay_lag)), 0)
                 END::double precision AS lag
            FROM pg_catalog.pg_stat_replication`,
    interpret: ([row = {}], context) => [
      { type: 'database', rows: metrics(row, context, [['lag', 'replication_lag', 's']]) },
    ],
  },
  {
    name: 'bloat',
    sql: `SELECT schemaname, relname, n_dead_tup, n_live_tup, coalesce(last_autovacuum, last_vacuum)::text AS vacuumed
            FROM pg_catalog.pg_stat_user_tables WHERE n_dead_tup > 1000 AND n_dead_tup > n_live_tup / 5
           ORDER BY n_dead_tup DESC LIMIT 20`,
    interpret: notes(
      ({ schemaname, relname, n_dead_tup, n_live_tup, vacuumed }) =>
        `table ${textFor(schemaname)}.${textFor(relname)} has ${textFor(n_dead_tup)} dead rows beside ${textFor(n_live_tup)} live ones, ` +
        `last vacuumed ${textOf(vacuumed) ?? 'never'}`,
    ),
  },
];

function notes(text: (row: Row) => string): HealthCheck['interpret'] {
  return (rows, context) => [
    { type: 'database', rows: rows.map((row) => ({ ...context, text: text(row) })) },
  ];
}

function metrics(
  row: Row,
  context: RowContext,
  columns: readonly (readonly [column: string, metric: string, unit?: string])[],
): PulledRow[] {
  return columns.flatMap(([column, metric, unit]) => {
    const value = numberOf(row[column]);
    return value === undefined ? [] : [{ ...context, metric, value, ...(unit !== undefined && { unit }) }];
  });
}

function textFor(value: unknown): string {
  return textOf(value) ?? numberOf(value)?.toString() ?? 'unknown';
}

/** A statement without its literals, which may be personal data. */
function masked(query: unknown): string {
  const text = (textOf(query) ?? 'unknown').slice(0, 2_000);
  return text
    .replaceAll(/'(?:[^']|'')*'?/g, '?')
    .replaceAll(/\b\d+(?:\.\d+)?\b/g, '?')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300);
}
