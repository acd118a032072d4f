import type pg from 'pg';
import type { TenantId } from '../../domain/ids.js';
import type { Database } from '../../persistence/database.js';
import { sendTogether } from '../../persistence/one-packet.js';
import { claimingPool } from '../claiming-pool.js';
import { type TurnResults, positionsIn } from '../log-consumer.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from '../logged-event.js';

export const EVENTS_PER_PAGE = 256;

/**
 * Reads the events that were not published yet, and stores how far each tenant's log was published. Has its own connection:
 * in the shared pool it would queue behind alerts and jobs.
 */
export class Publications {
  private readonly pool: pg.Pool;

  constructor(database: Database) {
    this.pool = claimingPool(database, 'causeflow-publisher');
  }

  /** Claims the candidates that no other replica is publishing. @returns the next events of each, in order */
  async claim(candidates: readonly TenantId[]): Promise<Map<TenantId, LoggedEvent[]>> {
    const [, , claimed] = await this.send([
      { text: 'BEGIN' },
      { ...SETTINGS, values: [candidates.join(',')] },
      { ...CLAIM, values: [candidates] },
      { text: 'COMMIT' },
    ]);
    return pagesOf(claimed?.rows as ClaimedRow[]);
  }

  /** Stores the positions and releases the claims. */
  async storePositions(results: TurnResults): Promise<void> {
    const tenantIds = [...results.keys()];
    const positions = positionsIn(results);
    await this.send([
      { text: 'BEGIN' },
      { ...SETTINGS, values: [tenantIds.join(',')] },
      { ...STORE_POSITIONS, values: [[...positions.keys()], [...positions.values()]] },
      { text: 'COMMIT' },
      { ...RELEASE, values: [tenantIds] },
    ]);
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private async send(statements: readonly pg.QueryConfig[]): Promise<pg.QueryResult[]> {
    const client = await this.pool.connect();
    try {
      const results = await sendTogether(client, statements);
      client.release();
      return results;
    } catch (error) {
      // Closes the connection, which ends the claims.
      client.release(true);
      throw error;
    }
  }
}

/**
 * Not flushed to disk: after a crash events are published again, and JetStream drops the duplicates. JIT is off because the
 * planner expects a claim to return a thousand tenants, for which compiling the statement would pay.
 */
const SETTINGS = {
  name: 'publisher-settings',
  text: `SELECT set_config('app.tenant_ids', $1, true), set_config('synchronous_commit', 'off', true),
    set_config('jit', 'off', true)`,
};

/**
 * The statement sees the events as of before the claim, and the positions as of after it. So it may miss the newest events,
 * whose notification is still to come, but never repeats published ones.
 */
const CLAIM = {
  name: 'claim-unpublished',
  text: `
  SELECT behind.tenant_id AS claimed, e.* FROM claim_streams_unpublished($1) AS behind
    LEFT JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = behind.tenant_id AND seq > behind.published ORDER BY seq LIMIT ${EVENTS_PER_PAGE}) AS e ON true
   ORDER BY behind.tenant_id, e.seq`,
};

const RELEASE = { name: 'release-unpublished', text: `SELECT let_go_of_streams('publish', $1)` };

const STORE_POSITIONS = {
  name: 'store-published',
  text: `
  INSERT INTO event_publications AS p (tenant_id, published) SELECT * FROM unnest($1::text[], $2::bigint[])
  ON CONFLICT (tenant_id) DO UPDATE SET published = greatest(p.published, excluded.published)`,
};

/** One event of a claimed tenant; all null but the tenant when it has none. */
type ClaimedRow = { readonly claimed: TenantId } & (EventTableRow | { readonly seq: null });

function pagesOf(rows: readonly ClaimedRow[]): Map<TenantId, LoggedEvent[]> {
  const pages = new Map<TenantId, LoggedEvent[]>();
  for (const row of rows) {
    const page = pages.get(row.claimed) ?? [];
    pages.set(row.claimed, page);
    if (row.seq !== null) page.push(loggedEvent(row));
  }
  return pages;
}
