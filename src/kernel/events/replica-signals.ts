import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { asTenantId, type TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import { CONNECTION_OPTIONS } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { CommittedEvents } from './committed-events.js';

const CHANNEL = 'causeflow_events';
/** The payload of a NOTIFY is limited to 8,000 bytes; an id and its comma take 31. */
const IDS_PER_MESSAGE = 200;
/** Between two messages, so that under load one message announces many commits. */
const PAUSE_MS = 5;
const RECONNECT_MS = 1_000;
const HEARTBEAT_MS = 10_000;

/**
 * Notifies the other replicas that logs have grown, by LISTEN and NOTIFY on a dedicated connection: a NOTIFY inside the writing
 * transaction would make PostgreSQL serialise the commits. While the connection is down, polling finds the events.
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
      if (origin === 'this replica') void this.announce(tenantIds);
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
      ...CONNECTION_OPTIONS,
      connectionString: this.database.url,
      application_name: 'causeflow-signals',
    });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', ({ processId, payload }) => {
      if (processId === clientProcess(client)) return;
      this.committed.announceRemote(
        (payload ?? '')
          .split(',')
          .map(asTenantId)
          .filter((id) => id !== undefined),
      );
    });
    try {
      await client.connect();
      // A notification needs no flush to disk, which would delay the flushes that alerts wait for.
      await client.query(`SET synchronous_commit = off; LISTEN ${CHANNEL}`);
      this.client = client;
      this.outage.succeeded(() => this.log.log('The signal connection to PostgreSQL is back'));
      void this.sendHeartbeats(client);
    } catch {
      this.lost(client);
    }
  }

  /** A connection that broke silently looks like one without notifications. A heartbeat without an answer closes it. */
  private async sendHeartbeats(client: pg.Client): Promise<void> {
    while (this.client === client) {
      await sleep(HEARTBEAT_MS, undefined, { ref: false });
      await client.query('SELECT').catch(() => undefined);
    }
  }

  /** Tenants announced during the pause after a message go into the next message, once each. */
  private async announce(tenantIds: readonly TenantId[]): Promise<void> {
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
    for (let at = 0; at < tenantIds.length; at += IDS_PER_MESSAGE) {
      const payload = tenantIds.slice(at, at + IDS_PER_MESSAGE).join(',');
      // Gets lost only with the connection; the other replicas then find the events by polling.
      await this.client?.query({ ...NOTIFY, values: [CHANNEL, payload] }).catch(() => undefined);
    }
  }

  private lost(client: pg.Client): void {
    // PostgreSQL may have refused LISTEN, as a standby does; it keeps the connection until it is closed here.
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

const NOTIFY = { name: 'notify-replicas', text: 'SELECT pg_notify($1, $2)' };

function clientProcess(client: pg.Client): number | undefined {
  return (client as unknown as { processID?: number }).processID;
}
