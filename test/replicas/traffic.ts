import { setTimeout as pause } from 'node:timers/promises';
import type { TestDatabase } from '../support/database.js';
import { sql } from '../support/database.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { until } from '../support/until.js';
import { publishedIds } from '../notifications/log-writer.js';

/** A replica, or a proxy before some. */
type Door = { readonly url: string };

/** A reader that comes back by its last id whenever its stream ends, at the next of its replicas. */
export class FaithfulReader {
  readonly ids: string[] = [];
  private stream: EventStream | undefined;
  private readonly reading: Promise<void>;
  private closed = false;
  private turn: number;

  constructor(
    private readonly replicas: readonly Door[],
    private readonly tenant: TenantUser,
    /** Where it knocks first. */
    first: number,
  ) {
    this.turn = first;
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
      const replica = this.replicas[this.turn++ % this.replicas.length] as Door;
      let stream: EventStream;
      try {
        stream = await EventStream.open(
          new Api(replica.url, this.tenant.api.token),
          `?lastEventId=${this.ids.at(-1) ?? '0'}`,
        );
      } catch {
        continue; // that one is dead
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

export interface Party {
  readonly tenant: TenantUser;
  readonly sender: AlertSender;
  /** The ids of the alerts that were acknowledged with 202. */
  readonly acknowledged: string[];
}

export async function newParty(url: string): Promise<Party> {
  const tenant = await newTenant(url);
  return { tenant, sender: await AlertSender.of(tenant), acknowledged: [] };
}

/** Sends alerts, each to the next replica, until it has `count` acknowledged. What a dead replica had in hand is sent again. */
export async function sendAlerts(
  { sender, acknowledged }: Party,
  replicas: readonly Door[],
  count: number,
  name: string,
): Promise<void> {
  for (let n = 0, knock = 0; n < count;) {
    const replica = replicas[knock++ % replicas.length] as Door;
    const sourceAlertId = `${name}-${n}`;
    try {
      const { status } = await sender
        .on(replica.url)
        .send({ title: `Alert ${sourceAlertId}`, description: 'x', severity: 'info', sourceAlertId });
      // 409: the replica that died had stored it and could not say so.
      if (status !== 202 && status !== 409) throw new Error(`answered ${status}`);
      acknowledged.push(sourceAlertId);
      n++;
    } catch {
      // dead, or without its database for a moment: the next one takes it
      await pause(20);
      if (knock > count * 50) throw new Error(`No replica takes ${sourceAlertId}`);
    }
  }
}

/** Waits until every handler has had every event, so that nothing is written any more. */
export async function quiet(database: TestDatabase, parties: readonly Party[]): Promise<void> {
  for (const { tenant } of parties) {
    await until(
      `the log of ${tenant.tenantId} is quiet`,
      async () => {
        const [row] = await sql<{ quiet: boolean }>(
          database.url,
          `SELECT (SELECT seq = relayed FROM event_stream WHERE tenant_id = $1)
              AND NOT EXISTS (SELECT FROM graphile_worker.jobs WHERE run_at <= now()) AS quiet`,
          [tenant.tenantId],
          tenant.tenantId,
        );
        return row?.quiet;
      },
      60,
    );
  }
}

/** What must hold in the end, whatever broke: an alert acknowledged is stored once, and a reader had the log as it is. */
export async function whatIsWrong(
  database: TestDatabase,
  parties: readonly Party[],
  readers: ReadonlyMap<Party, readonly FaithfulReader[]>,
): Promise<string[]> {
  const faults: string[] = [];
  await quiet(database, parties);
  for (const party of parties) {
    const { tenantId } = party.tenant;
    const rows = await sql<{ id: string }>(
      database.url,
      'SELECT source_alert_id AS id FROM alerts WHERE tenant_id = $1 ORDER BY 1',
      [tenantId],
      tenantId,
    );
    const sent = [...party.acknowledged].sort();
    if (JSON.stringify(rows.map(({ id }) => id).sort()) !== JSON.stringify(sent))
      faults.push(`${tenantId} has ${rows.length} alerts of the ${sent.length} acknowledged`);
    const published = await publishedIds(database, tenantId);
    if (published.length < sent.length) faults.push(`${tenantId} has only ${published.length} events`);
    for (const [n, reader] of (readers.get(party) ?? []).entries()) {
      await until(`reader ${n} of ${tenantId} has all`, () => reader.ids.length >= published.length);
      if (reader.ids.join() !== published.join())
        faults.push(
          `reader ${n} of ${tenantId} had ${reader.ids.length} of ${published.length}, or in another order`,
        );
    }
  }
  return faults;
}
