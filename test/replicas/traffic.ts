import { setTimeout as pause } from 'node:timers/promises';
import type { TestDatabase } from '../support/database.js';
import { sql } from '../support/database.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { until } from '../support/until.js';
import { publishedIds } from '../notifications/log-writer.js';

/** A replica, or a proxy in front of some. */
type Endpoint = { readonly url: string };

/** A stream client that reconnects to the next replica with its last event id whenever its stream ends. */
export class ReconnectingReader {
  readonly ids: string[] = [];
  private stream: EventStream | undefined;
  private readonly reading: Promise<void>;
  private closed = false;
  private connections: number;

  constructor(
    private readonly replicas: readonly Endpoint[],
    private readonly tenant: TenantUser,
    /** The index of the first replica. */
    first: number,
  ) {
    this.connections = first;
    this.reading = this.read();
  }

  get isOpen(): boolean {
    return this.stream !== undefined && !this.stream.ended;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stream?.close();
    await this.reading;
  }

  private async read(): Promise<void> {
    while (!this.closed) {
      const replica = this.replicas[this.connections++ % this.replicas.length] as Endpoint;
      let stream: EventStream;
      try {
        stream = await EventStream.open(
          new Api(replica.url, this.tenant.api.token),
          `?lastEventId=${this.ids.at(-1) ?? '0'}`,
        );
      } catch {
        continue; // this replica is down
      }
      this.stream = stream;
      let taken = 0;
      await until(
        'the stream ended',
        () => {
          for (; taken < stream.frames.length; taken++) this.ids.push(stream.frames[taken]?.id ?? 'no id');
          return stream.ended || this.closed;
        },
        300,
      );
    }
  }
}

/** A tenant, and the alerts that a test sends for it. */
export interface Workload {
  readonly tenant: TenantUser;
  readonly sender: AlertSender;
  /** The `sourceAlertId`s of the alerts that were accepted. */
  readonly acknowledged: string[];
}

export async function newWorkload(url: string): Promise<Workload> {
  const tenant = await newTenant(url);
  return { tenant, sender: await AlertSender.of(tenant), acknowledged: [] };
}

/** Sends alerts round-robin to the replicas until `count` are accepted. An alert without an answer is sent again. */
export async function sendAlerts(
  { sender, acknowledged }: Workload,
  replicas: readonly Endpoint[],
  count: number,
  name: string,
): Promise<void> {
  for (let n = 0, attempts = 0; n < count;) {
    const replica = replicas[attempts++ % replicas.length] as Endpoint;
    const sourceAlertId = `${name}-${n}`;
    try {
      const { status } = await sender
        .on(replica.url)
        .send({ title: `Alert ${sourceAlertId}`, description: 'x', severity: 'info', sourceAlertId });
      // 409: a replica stored it and died before it answered.
      if (status !== 202 && status !== 409) throw new Error(`answered ${status}`);
      acknowledged.push(sourceAlertId);
      n++;
    } catch {
      // This replica is down, or has lost its database: the next one takes the alert.
      await pause(20);
      if (attempts > count * 50) throw new Error(`No replica accepts ${sourceAlertId}`);
    }
  }
}

/** Waits until every event is handled and no job is due, so that no more events are written. */
export async function untilIdle(database: TestDatabase, workloads: readonly Workload[]): Promise<void> {
  for (const { tenant } of workloads) {
    await until(
      `the log of ${tenant.tenantId} is idle`,
      async () => {
        const [row] = await sql<{ idle: boolean }>(
          database.url,
          `SELECT (SELECT seq = relayed FROM event_stream WHERE tenant_id = $1)
              AND NOT EXISTS (SELECT FROM graphile_worker.jobs WHERE run_at <= now()) AS idle`,
          [tenant.tenantId],
          tenant.tenantId,
        );
        return row?.idle;
      },
      60,
    );
  }
}

/**
 * Checks what must hold after any failure: every accepted alert is stored once, and every reader got the log exactly.
 * @returns what does not hold
 */
export async function findViolations(
  database: TestDatabase,
  workloads: readonly Workload[],
  readers: ReadonlyMap<Workload, readonly ReconnectingReader[]>,
): Promise<string[]> {
  const violations: string[] = [];
  await untilIdle(database, workloads);
  for (const workload of workloads) {
    const { tenantId } = workload.tenant;
    const rows = await sql<{ id: string }>(
      database.url,
      'SELECT source_alert_id AS id FROM alerts WHERE tenant_id = $1 ORDER BY 1',
      [tenantId],
      tenantId,
    );
    const sent = [...workload.acknowledged].sort();
    if (JSON.stringify(rows.map(({ id }) => id).sort()) !== JSON.stringify(sent))
      violations.push(`${tenantId} has ${rows.length} alerts of the ${sent.length} accepted`);
    const published = await publishedIds(database, tenantId);
    if (published.length < sent.length) violations.push(`${tenantId} has only ${published.length} events`);
    for (const [n, reader] of (readers.get(workload) ?? []).entries()) {
      await until(`reader ${n} of ${tenantId} has all events`, () => reader.ids.length >= published.length);
      if (reader.ids.join() !== published.join())
        violations.push(
          `reader ${n} of ${tenantId} got ${reader.ids.length} of ${published.length} events, or in another order`,
        );
    }
  }
  return violations;
}
