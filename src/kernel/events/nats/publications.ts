import pg from 'pg';
import type { TenantId } from '../../domain/ids.js';
import { APPLICATION_CONNECTION } from '../../persistence/data-source.js';
import { sendTogether } from '../../persistence/one-packet.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from '../logged-event.js';

export const EVENTS_A_PAGE = 256;

/** Up to which place a tenant's log was published. */
export type Places = ReadonlyMap<TenantId, number>;

/**
 * What each tenant's log has that was not published yet. On a connection of its own: in the pool it would stand in line
 * behind alerts and jobs.
 */
export class Publications {
  private readonly pool: pg.Pool;

  constructor(url: string) {
    this.pool = new pg.Pool({
      ...APPLICATION_CONNECTION,
      connectionString: url,
      max: 1,
      application_name: 'causeflow-publisher',
      keepAlive: true,
    });
    // One that breaks is told by whatever is asked of it; without a listener it would end the process.
    this.pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Claims those of the candidates that nobody else publishes now, and remembers what `publish` answers. It gets the next
   * events of each, in their order.
   */
  async moveOn(
    candidates: readonly TenantId[],
    publish: (pages: ReadonlyMap<TenantId, LoggedEvent[]>) => Promise<Places>,
  ): Promise<void> {
    const client = await this.pool.connect();
    try {
      const [, , claimed] = await sendTogether(client, [
        { text: 'BEGIN' },
        { ...SETTINGS, values: [candidates.join(',')] },
        { ...CLAIM, values: [candidates] },
      ]);
      const places = await publish(pagesOf(claimed?.rows as EventTableRow[]));
      await sendTogether(client, [
        { ...REMEMBER, values: [[...places.keys()], [...places.values()]] },
        { text: 'COMMIT' },
      ]);
      client.release();
    } catch (error) {
      // Closed, so that the claim ends.
      client.release(true);
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.pool.end();
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
  SELECT e.* FROM claim_streams_unpublished($1) AS behind
    CROSS JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = behind.tenant_id AND seq > behind.published ORDER BY seq LIMIT ${EVENTS_A_PAGE}) AS e
   ORDER BY e.tenant_id, e.seq`,
};

const REMEMBER = {
  name: 'remember-published',
  text: `
  INSERT INTO event_publications AS p (tenant_id, published) SELECT * FROM unnest($1::text[], $2::bigint[])
  ON CONFLICT (tenant_id) DO UPDATE SET published = greatest(p.published, excluded.published)`,
};

function pagesOf(rows: readonly EventTableRow[]): Map<TenantId, LoggedEvent[]> {
  const pages = new Map<TenantId, LoggedEvent[]>();
  for (const row of rows) {
    const page = pages.get(row.tenant_id);
    if (page) page.push(loggedEvent(row));
    else pages.set(row.tenant_id, [loggedEvent(row)]);
  }
  return pages;
}
