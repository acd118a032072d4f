import type pg from 'pg';
import type { TenantId } from '../../domain/ids.js';
import { sendTogether } from '../../persistence/one-packet.js';
import { claimingPool } from '../claiming-pool.js';
import { type Endings, placesIn } from '../log-follower.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from '../logged-event.js';

export const EVENTS_A_PAGE = 256;

/**
 * What each tenant's log has that was not published yet. On a connection of its own: in the pool it would stand in line
 * behind alerts and jobs.
 */
export class Publications {
  private readonly pool: pg.Pool;

  constructor(url: string) {
    this.pool = claimingPool(url, 'causeflow-publisher');
  }

  /** Claims those of the candidates whom nobody else publishes now. @returns the next events of each, in their order */
  async claim(candidates: readonly TenantId[]): Promise<Map<TenantId, LoggedEvent[]>> {
    const [, , claimed] = await this.send([
      { text: 'BEGIN' },
      { ...SETTINGS, values: [candidates.join(',')] },
      { ...CLAIM, values: [candidates] },
      { text: 'COMMIT' },
    ]);
    return pagesOf(claimed?.rows as ClaimedRow[]);
  }

  /** Remembers up to where they were published, and lets go of them. */
  async remember(endings: Endings): Promise<void> {
    const tenantIds = [...endings.keys()];
    const places = placesIn(endings);
    await this.send([
      { text: 'BEGIN' },
      { ...SETTINGS, values: [tenantIds.join(',')] },
      { ...REMEMBER, values: [[...places.keys()], [...places.values()]] },
      { text: 'COMMIT' },
      { ...LET_GO, values: [tenantIds] },
    ]);
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private async send(statements: readonly pg.QueryConfig[]): Promise<pg.QueryResult[]> {
    const client = await this.pool.connect();
    try {
      const answers = await sendTogether(client, statements);
      client.release();
      return answers;
    } catch (error) {
      // Closed, so that the claims end.
      client.release(true);
      throw error;
    }
  }
}

/**
 * Not flushed to disk: a place that a crash takes back is published again, and JetStream drops what it has. The planner
 * takes a claim for a thousand tenants, for which compiling the statement would pay.
 */
const SETTINGS = {
  name: 'publisher-settings',
  text: `SELECT set_config('app.tenant_ids', $1, true), set_config('synchronous_commit', 'off', true),
    set_config('jit', 'off', true)`,
};

/**
 * The events are seen as of before the claim, the places as of after it. So there may be fewer events than there are,
 * never one too early; what is not seen yet has its nudge still to come.
 */
const CLAIM = {
  name: 'claim-unpublished',
  text: `
  SELECT behind.tenant_id AS claimed, e.* FROM claim_streams_unpublished($1) AS behind
    LEFT JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = behind.tenant_id AND seq > behind.published ORDER BY seq LIMIT ${EVENTS_A_PAGE}) AS e ON true
   ORDER BY behind.tenant_id, e.seq`,
};

const LET_GO = { name: 'let-go-of-unpublished', text: `SELECT let_go_of_streams('publish', $1)` };

const REMEMBER = {
  name: 'remember-published',
  text: `
  INSERT INTO event_publications AS p (tenant_id, published) SELECT * FROM unnest($1::text[], $2::bigint[])
  ON CONFLICT (tenant_id) DO UPDATE SET published = greatest(p.published, excluded.published)`,
};

/** One event of a tenant that was claimed, or none. */
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
