import { setTimeout as pause } from 'node:timers/promises';
import type { TestDatabase } from '../support/database.js';
import { sql } from '../support/database.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { untilIdle } from '../support/idle.js';
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
    /** Names or wildcards of the events to read. */
    private readonly events = '*',
  ) {
    this.connections = first;
    this.reading = this.read();
  }

  get isOpen(): boolean {
    return this.stream !== undefined && !this.stream.ended;
  }

  /** Breaks off. It connects again at once. */
  disconnect(): void {
    this.stream?.close();
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
          `?lastEventId=${this.ids.at(-1) ?? '0'}&events=${this.events}`,
        );
        if (!stream.response.ok) throw new Error(`answered ${stream.response.status}`);
      } catch {
        // This replica is down, or has lost its database.
        await pause(20);
        continue;
      }
      this.stream = stream;
      for (let taken = 0, hasEnded = false; !hasEnded;) {
        await pause(20);
        hasEnded = stream.ended || this.closed;
        for (; taken < stream.frames.length; taken++) this.ids.push(stream.frames[taken]?.id ?? 'no id');
      }
      stream.close();
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
  for (let n = 0, attempts = 0; n < count; n++) {
    const sourceAlertId = `${name}-${n}`;
    // While a replica is down, or has lost its database, the next one takes the alert.
    await until(`a replica accepts ${sourceAlertId}`, async () => {
      const replica = replicas[attempts++ % replicas.length] as Endpoint;
      const { status } = await sender
        .on(replica.url)
        .send({ title: `Alert ${sourceAlertId}`, description: 'x', severity: 'info', sourceAlertId });
      // 409: a replica stored it and died before it answered.
      return status === 202 || status === 409;
    });
    acknowledged.push(sourceAlertId);
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
  for (const workload of workloads) {
    const { tenantId } = workload.tenant;
    await untilIdle(database, tenantId);
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
