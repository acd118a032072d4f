import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { asTenantId, type TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import { PATIENCE } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { CommittedEvents } from './committed-events.js';

const CHANNEL = 'causeflow_events';
/** A NOTIFY carries less than 8,000 bytes; an id and its comma take 31. */
const IDS_A_MESSAGE = 200;
/** Between two messages: under load many batches are told of together. */
const PAUSE_MS = 5;
const RECONNECT_MS = 1_000;
const HEARTBEAT_MS = 10_000;

/**
 * Carries "this log has grown" between replicas by LISTEN and NOTIFY, on a connection of its own: a NOTIFY inside the
 * writing transaction would make PostgreSQL serialise the commits. While the connection is down, polls stand in.
 */
@Injectable()
export class ReplicaSignals implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(ReplicaSignals.name);
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly outage = new Outage();
  private stopped = false;
  private unsent = new Set<TenantId>();
  private sending = false;

  constructor(
    private readonly database: Database,
    private readonly committed: CommittedEvents,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.committed.onGrowth((tenantIds, origin) => {
      if (origin === 'this replica') void this.tell(tenantIds);
    });
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      ...PATIENCE,
      connectionString: this.database.url,
      application_name: 'causeflow-signals',
    });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', ({ processId, payload }) => {
      if (processId === clientProcess(client)) return;
      this.committed.heard(
        (payload ?? '')
          .split(',')
          .map(asTenantId)
          .filter((id) => id !== undefined),
      );
    });
    try {
      await client.connect();
      // A nudge needs no flush to disk, which would stand in the way of those that alerts wait for.
      await client.query(`SET synchronous_commit = off; LISTEN ${CHANNEL}`);
      this.client = client;
      this.outage.succeeded(() => this.log.log('The signal connection to PostgreSQL is back'));
      void this.watch(client);
    } catch {
      this.lost(client);
    }
  }

  /** On a connection that has broken without a word nothing comes, as when there is nothing to tell. One that does not answer is closed. */
  private async watch(client: pg.Client): Promise<void> {
    while (this.client === client) {
      await sleep(HEARTBEAT_MS, undefined, { ref: false });
      await client.query('SELECT').catch(() => undefined);
    }
  }

  /** What is announced shortly after a message goes into the next one, once. */
  private async tell(tenantIds: readonly TenantId[]): Promise<void> {
    for (const tenantId of tenantIds) this.unsent.add(tenantId);
    if (this.sending) return;
    this.sending = true;
    while (this.unsent.size > 0) {
      const next = [...this.unsent];
      this.unsent.clear();
      await this.send(next);
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
    this.sending = false;
  }

  private async send(tenantIds: readonly TenantId[]): Promise<void> {
    for (let at = 0; at < tenantIds.length; at += IDS_A_MESSAGE) {
      const payload = tenantIds.slice(at, at + IDS_A_MESSAGE).join(',');
      // Lost with the connection, if at all; the others find the events at their next poll.
      await this.client?.query({ ...TELL, values: [CHANNEL, payload] }).catch(() => undefined);
    }
  }

  private lost(client: pg.Client): void {
    // PostgreSQL may have refused to listen, as a standby does, and holds the connection until it is closed.
    client.removeAllListeners().on('error', () => undefined);
    client.end().catch(() => undefined);
    if (this.client === client) this.client = undefined;
    if (this.stopped || this.retry) return;
    this.outage.failed(() =>
      this.log.warn('The signal connection to PostgreSQL is down; polling until it is back'),
    );
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.connect();
    }, RECONNECT_MS);
  }
}

const TELL = { name: 'tell-replicas', text: 'SELECT pg_notify($1, $2)' };

function clientProcess(client: pg.Client): number | undefined {
  return (client as unknown as { processID?: number }).processID;
}
