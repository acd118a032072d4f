import pg from 'pg';
import { newId } from '#kernel/domain/ids';
import { sql, type TestDatabase } from '../support/database.js';

/** Internal: it has a sequence number in the log and must never be published. */
const INTERNAL = 'incident.severity_changed';

export interface Fact {
  readonly type?: string;
  readonly incidentId?: string;
  readonly data?: object;
}

interface Options {
  /** How long the transaction waits right before its commit, in milliseconds. */
  readonly pause?: number;
  /** Whether the notification to the replicas gets lost. */
  readonly silent?: boolean;
  /** White space between the tokens of the JSON text that is stored. */
  readonly space?: string;
}

/** Appends to a tenant's log as another replica would. */
export async function append(
  { url }: TestDatabase,
  tenantId: string,
  facts: readonly Fact[],
  { pause = 0, silent = false, space = '' }: Options = {},
): Promise<void> {
  const transaction = await begin(url, tenantId);
  try {
    await transaction.query('SELECT append_events($1)', [JSON.stringify(rows(tenantId, facts), null, space)]);
    if (pause > 0) await transaction.query('SELECT pg_sleep($1)', [pause / 1000]);
    await transaction.query('COMMIT');
    if (!silent) await transaction.query(`SELECT pg_notify('causeflow_events', $1)`, [tenantId]);
  } finally {
    await transaction.end();
  }
}

/** Makes the relay deliver the whole log of a tenant again, and at once: a crowded server polls only once a minute. */
export async function redeliverLog({ url }: TestDatabase, tenantId: string): Promise<void> {
  const rewind = `WITH rewound AS (UPDATE event_stream SET relayed = 0 WHERE tenant_id = $1)
                  SELECT pg_notify('causeflow_events', $1)`;
  await sql(url, rewind, [tenantId], tenantId);
}

/** Begins a transaction for one tenant that has a transaction id and stays open. */
export async function begin(url: string, tenantId: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`SELECT set_config('app.tenant_ids', $1, true), pg_current_xact_id()`, [tenantId]);
  return client;
}

/** The ids of all public events of a tenant, in the order of the log. */
export async function publishedIds(
  { url }: TestDatabase,
  tenantId: string,
  types?: string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    url,
    `SELECT id FROM events WHERE tenant_id = $1 AND type <> $2 AND ($3::text[] IS NULL OR type = ANY ($3)) ORDER BY seq`,
    [tenantId, INTERNAL, types ?? null],
    tenantId,
  );
  return rows.map(({ id }) => id);
}

export function newIncidentId(): string {
  return newId('inc');
}

function rows(tenantId: string, facts: readonly Fact[]): object[] {
  return facts.map(({ type = 'incident.created', incidentId = newIncidentId(), data }) => ({
    tenantId,
    id: newId('evt'),
    type,
    data: data ?? {
      incidentId,
      title: 'Written\nbehind “the server’s”\u2028back',
      severity: 'low',
      status: 'open',
      source: 'manual',
    },
    incidentId,
    actor: null,
    correlationId: null,
  }));
}
