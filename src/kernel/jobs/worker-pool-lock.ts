import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  CONNECTION_OPTIONS,
  DEAD_PEER_DETECTION,
  refuseStandby,
  SESSION,
} from '../persistence/data-source.js';
import type { Database } from '../persistence/database.js';

/** The advisory lock of a worker pool, in SQL. @param pool an SQL expression for the id of the pool */
export const lockKeyOf = (pool: string): string => `hashtextextended('causeflow.worker:' || ${pool}, 0)`;

/**
 * Tells the other processes that a worker pool is alive: an advisory lock held by a connection of this process, which PostgreSQL
 * releases as soon as the process dies, and soon after it is frozen.
 */
export class WorkerPoolLock {
  private client: pg.Client | undefined;
  private isReleased = false;

  constructor(
    private readonly database: Database,
    readonly poolId: string,
  ) {}

  /** Takes the lock, or checks that its connection still works. @throws when it does not; the next call takes the lock again */
  async hold(): Promise<void> {
    if (!this.client) await this.take();
    // A connection that broke silently shows it only at a query.
    else await this.closeUnless(this.client, this.client.query('SELECT'));
  }

  /** For good. A connection that is being opened is closed once it is open. */
  async release(): Promise<void> {
    const { client } = this;
    this.isReleased = true;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async take(): Promise<void> {
    const client = new pg.Client({
      ...CONNECTION_OPTIONS,
      connectionString: this.database.url,
      application_name: 'causeflow-workers-alive',
      options: `${SESSION} ${DEAD_PEER_DETECTION} ${this.database.frozenPeerDetection}`,
    });
    const lost = (): void => {
      if (this.client === client) this.client = undefined;
    };
    client.on('error', lost).on('end', lost);
    await client.connect();
    if (this.isReleased) return client.end();
    this.client = client;
    await this.closeUnless(client, this.lock(client));
    void this.sendHeartbeats(client);
  }

  private async lock(client: pg.Client): Promise<void> {
    await refuseStandby(client);
    // Waits while PostgreSQL has not noticed yet that the previous connection, which holds the lock, is gone.
    await client.query(`SELECT pg_advisory_lock(${lockKeyOf('$1')})`, [this.poolId]);
  }

  /** Or the next call would take the connection for one that holds the lock. */
  private async closeUnless(client: pg.Client, succeeds: Promise<unknown>): Promise<void> {
    try {
      await succeeds;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Not left to `hold`, whose caller may wait for other queries. */
  private async sendHeartbeats(client: pg.Client): Promise<void> {
    while (this.client === client) {
      await sleep(this.database.heartbeatMs, undefined, { ref: false });
      await client.query('SELECT').catch(() => undefined);
    }
  }
}
