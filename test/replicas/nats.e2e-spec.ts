import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DiscardPolicy, jetstream, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { findPostmaster } from '#kernel/persistence/embedded/postmaster';
import { findServerHome, sharedDirOfRoot } from '#kernel/persistence/embedded/server-home';
import { startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import { Api } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { type Options, TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { CuttableProxy } from './cuttable-proxy.js';
import { hasNatsServer, NatsCluster } from './nats-cluster.js';
import { SmallDisk } from './small-disk.js';
import { FaithfulReader, newParty, type Party, quiet, sendAlerts, whatIsWrong } from './traffic.js';

if (!hasNatsServer) {
  process.stderr.write(
    '\nNO nats-server ON THE PATH: every test of events over NATS is SKIPPED (apt-get install nats-server)\n',
  );
}
const withNats = hasNatsServer ? describe : describe.skip;
const canMount = hasNatsServer && SmallDisk.isPossible;
if (hasNatsServer && !canMount) {
  process.stderr.write(
    '\nTHIS USER MAY NOT MOUNT: the test of NATS on a full disk is SKIPPED (it needs root)\n',
  );
}

const unique = (): string => randomBytes(10).toString('hex');

let cluster: NatsCluster;
let replicas: TestServer[] = [];
beforeAll(async () => {
  if (hasNatsServer) cluster = await NatsCluster.start();
}, 90_000);
afterAll(() => (hasNatsServer ? cluster.stop() : undefined));

let stream: string;
beforeEach(() => {
  stream = `test-${unique()}`;
});
afterEach(async () => {
  await stopReplicas();
  if (hasNatsServer) await (await cluster.manager()).streams.delete(stream).catch(() => undefined);
});

async function stopReplicas(): Promise<void> {
  for (const replica of [...replicas].reverse()) await replica.stop();
  replicas = [];
}

/** Three replicas over one PostgreSQL and, by the addresses given, one NATS. */
async function startThree(
  urls: readonly string[],
  { database }: Pick<Options, 'database'> = {},
): Promise<TestServer> {
  const of = (n: number) => ({
    NATS_URL: urls[n % urls.length] ?? '',
    NATS_STREAM: stream,
    NATS_REPLICAS: '3',
  });
  const first = await TestServer.start({ env: of(0), ...(database && { database }) });
  const others = [1, 2].map((n) => TestServer.start({ env: of(n), database: first.database }));
  replicas = [first, ...(await Promise.all(others))];
  await until('all are with NATS', () => replicas.every(({ log }) => log.includes('Events go through NATS')));
  return first;
}

async function figure(url: string, name: string): Promise<number> {
  const { body } = await new Api(url).get<string>('/metrics');
  return Number(new RegExp(`^causeflow_events_${name}_total (\\d+)`, 'm').exec(body)?.[1]);
}

async function heldUp(url: string, by: string, reason: string): Promise<number> {
  const { body } = await new Api(url).get<string>('/metrics');
  const figure = new RegExp(`^causeflow_tenants_held_up\\{by="${by}",reason="${reason}"\\} (\\d+)`, 'm');
  return Number(figure.exec(body)?.[1]);
}

/** The places of a tenant's events as they lie in the stream, in its order. */
async function placesInStream({ tenant }: Party): Promise<number[]> {
  const connection = await connect({ servers: cluster.url.split(',') });
  try {
    const consumer = await jetstream(connection).consumers.get(stream, {
      filter_subjects: `causeflow.events.${tenant.tenantId}.>`,
    });
    const places: number[] = [];
    let left = (await consumer.info()).num_pending;
    while (left > 0) {
      for await (const message of await consumer.fetch({
        max_messages: Math.min(left, 200),
        expires: 5_000,
      })) {
        places.push(message.json<{ seq: number }>().seq);
        left--;
      }
    }
    return places;
  } finally {
    await connection.close();
  }
}

const headOf = async (server: TestServer, { tenant }: Party): Promise<number> => {
  const [row] = await sql<{ seq: number }>(
    server.database.url,
    'SELECT seq::int FROM event_stream WHERE tenant_id = $1',
    [tenant.tenantId],
    tenant.tenantId,
  );
  return row?.seq ?? 0;
};

/** Two tenants, each read on every replica, and alerts to all of them while something breaks and, perhaps, heals. */
async function trouble(
  first: TestServer,
  breakIt: () => Promise<void> | void,
  healIt?: () => Promise<void> | void,
): Promise<Party[]> {
  const parties = await Promise.all([newParty(first.url), newParty(first.url)]);
  const readers = new Map<Party, FaithfulReader[]>(
    parties.map((party) => [party, replicas.map((_, n) => new FaithfulReader(replicas, party.tenant, n))]),
  );
  const all = [...readers.values()].flat();
  await until('all read', () => all.every(({ isOpen }) => isOpen));
  const send = (name: string) =>
    Promise.all(
      parties.flatMap((party) => [1, 2].map((n) => sendAlerts(party, replicas, 40, `${name}-${n}`))),
    );
  await send('before');
  const sending = send('during');
  await breakIt();
  await sending;
  await healIt?.();
  await send('after');
  expect(await whatIsWrong(first.database, parties, readers)).toEqual([]);
  await Promise.all(all.map((reader) => reader.close()));
  return parties;
}

/** Everything is in the stream in the end, in order per tenant but for what was published again. */
async function expectAllPublished(first: TestServer, parties: readonly Party[]): Promise<void> {
  await quiet(first.database, parties);
  for (const party of parties) {
    const head = await headOf(first, party);
    const all = Array.from({ length: head }, (_, n) => n + 1);
    const whole = async (): Promise<Set<number> | false> => {
      const places = new Set(await placesInStream(party));
      return places.size === head && places;
    };
    const places = await until('the stream has all', whole, 45);
    expect([...places].sort((a, b) => a - b)).toEqual(all);
  }
}

withNats('three replicas with a JetStream cluster of three', () => {
  it('publish each tenant’s log whole and in its order, and hand on what the stream brings', async () => {
    const first = await startThree([cluster.url]);
    const parties = await trouble(first, () => undefined);
    for (const party of parties) {
      const head = await headOf(first, party);
      await until('all is published', async () => (await placesInStream(party)).length >= head);
      expect(await placesInStream(party)).toEqual(Array.from({ length: head }, (_, n) => n + 1));
    }
    const info = await (await cluster.manager()).streams.info(stream);
    expect(info.config).toMatchObject({
      subjects: ['causeflow.events.>'],
      storage: StorageType.File,
      num_replicas: 3,
    });
    const received = await Promise.all(replicas.map(({ url }) => figure(url, 'received')));
    for (const count of received) expect(count).toBeGreaterThan(100);
  }, 120_000);

  it('tell a reader what is in the stream without asking PostgreSQL for it, once', async () => {
    const first = await startThree([cluster.url]);
    const party = await newParty(first.url);
    await quiet(first.database, [party]);
    const readers = await Promise.all(
      replicas.map(({ url }) => EventStream.open(new Api(url, party.tenant.api.token))),
    );
    const seq = (await headOf(first, party)) + 1;
    const id = `evt_${unique()}`;
    const { tenantId } = party.tenant;
    const connection = await connect({ servers: cluster.url.split(',') });
    const event = {
      ...{ seq, id, type: 'incident.created', tenantId, data: '{"made":"up"}', incidentId: null },
      ...{ actor: null, correlationId: null, occurredAt: new Date(0) },
    };
    const subject = `causeflow.events.${tenantId}.incident.created`;
    const say = (place: number, name: string) =>
      jetstream(connection).publish(subject, JSON.stringify({ ...event, seq: place, id: name }), {
        msgID: unique(),
      });
    await until('the streams are live', async () => {
      await say(seq, id);
      return readers.every(({ frames }) => frames.some((frame) => frame.id === id));
    });
    await say(seq, id);
    await say(seq + 1, 'evt_last');
    await until('the next came', () => readers.every(({ frames }) => frames.at(-1)?.id === 'evt_last'));
    for (const reader of readers) {
      expect(reader.frames.filter((frame) => frame.id === id)).toHaveLength(1);
      reader.close();
    }
    await connection.close();
  }, 90_000);

  it('go on when the stream brings what nobody can read', async () => {
    const first = await startThree([cluster.url]);
    const party = await newParty(first.url);
    await quiet(first.database, [party]);
    const { tenantId, api } = party.tenant;
    const readers = await Promise.all(replicas.map(({ url }) => EventStream.open(new Api(url, api.token))));
    const seq = (await headOf(first, party)) + 1;
    const connection = await connect({ servers: cluster.url.split(',') });
    // The last one is the next event, told otherwise than this version does.
    const said = [
      'no JSON',
      'null',
      '{}',
      JSON.stringify({ seq, id: 'evt_x', type: 'incident.created', data: {} }),
    ];
    await until('each has met some of it', async () => {
      for (const text of said)
        await jetstream(connection).publish(`causeflow.events.${tenantId}.incident.created`, text);
      const received = await Promise.all(replicas.map(({ url }) => figure(url, 'received')));
      return received.every((count) => count > said.length);
    });
    await connection.close();
    await api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' });
    await Promise.all(readers.map((reader) => reader.waitFor('incident.created')));
    for (const reader of readers) {
      expect(reader.frames[0]).toMatchObject({ event: 'incident.created', data: { tenantId } });
      reader.close();
    }
  }, 90_000);

  it('lose nothing and repeat nothing when a NATS node is killed', async () => {
    const first = await startThree([cluster.url]);
    const info = await (await cluster.manager()).streams.info(stream);
    const leader = Number(info.cluster?.leader?.slice(1));
    const parties = await trouble(
      first,
      () => cluster.kill(leader),
      () => cluster.startNode(leader),
    );
    await expectAllPublished(first, parties);
  }, 180_000);

  it('lose nothing and repeat nothing when a replica is killed', async () => {
    const first = await startThree([cluster.url]);
    const parties = await trouble(first, () => replicas[2]?.kill());
    await expectAllPublished(first, parties);
  }, 180_000);

  it('lose nothing and repeat nothing while a replica cannot reach NATS and nobody tells it', async () => {
    const proxy = await CuttableProxy.to(cluster.portOf(0));
    try {
      const first = await startThree([cluster.url, `nats://127.0.0.1:${proxy.port}`, cluster.url]);
      const parties = await trouble(
        first,
        () => proxy.cut(),
        () => proxy.heal(),
      );
      await expectAllPublished(first, parties);
    } finally {
      await proxy.stop();
    }
  }, 180_000);

  it('go on by PostgreSQL while the stream is full, and publish the rest when there is room', async () => {
    const manager = await cluster.manager();
    await manager.streams.add({
      name: stream,
      subjects: ['causeflow.events.>'],
      // Not by bytes: of those the server counts more than it checks, and drops the oldest to make up for it.
      max_msgs: 60,
      discard: DiscardPolicy.New,
      num_replicas: 3,
    });
    const first = await startThree([cluster.url]);
    const parties = await trouble(first, () =>
      until('it is full', () => replicas.some(({ log }) => log.includes('cannot be published'))).then(
        () => undefined,
      ),
    );
    await manager.streams.update(stream, { max_msgs: -1 });
    await expectAllPublished(first, parties);
  }, 180_000);

  it('name the tenant whose events NATS refuses, once, and publish those of the others meanwhile', async () => {
    const first = await startThree([cluster.url]);
    const [refused, other] = [await newParty(first.url), await newParty(first.url)];
    await expectAllPublished(first, [refused, other]);
    const { streams } = await cluster.manager();
    const { subjects } = (await streams.info(stream)).config;
    // To any other subject nobody answers, as where an operator gave the stream fewer.
    await streams.update(stream, { subjects: [`causeflow.events.${other.tenant.tenantId}.>`] });
    const complaints = ({ tenant }: Party): number[] =>
      replicas.map(({ log }) => log.split(`${tenant.tenantId}: Events cannot be published`).length - 1);
    const failing = async (): Promise<number> => {
      const figures = await Promise.all(replicas.map(({ url }) => heldUp(url, 'publisher', 'failing')));
      return Math.max(...figures);
    };

    await sendAlerts(refused, replicas, 20, 'refused');
    await until('it is said', () => complaints(refused).some((count) => count > 0));
    await until('it is counted', async () => (await failing()) === 1);
    for (const name of ['one', 'two']) await sendAlerts(other, replicas, 20, name);
    await expectAllPublished(first, [other]);
    expect(complaints(refused).filter((count) => count > 1)).toEqual([]);
    expect(complaints(other)).toEqual([0, 0, 0]);
    expect(await failing()).toBe(1);

    await streams.update(stream, { subjects });
    await expectAllPublished(first, [refused, other]);
    await until('nobody is held up any more', async () => (await failing()) === 0);
  }, 180_000);

  it('leave out what is too large for the stream, publish what comes after it, and tell readers of both', async () => {
    await (
      await cluster.manager()
    ).streams.add({
      name: stream,
      subjects: ['causeflow.events.>'],
      max_msg_size: 800,
      num_replicas: 3,
    });
    const first = await startThree([cluster.url]);
    const party = await newParty(first.url);
    const reader = new FaithfulReader(replicas, party.tenant, 0);
    await sendAlerts(party, replicas, 5, 'before');
    const large = { title: 'x'.repeat(500), description: 'x', severity: 'info', sourceAlertId: 'large' };
    expect((await party.sender.send(large)).status).toBe(202);
    party.acknowledged.push(large.sourceAlertId);
    await sendAlerts(party, replicas, 5, 'after');
    expect(await whatIsWrong(first.database, [party], new Map([[party, [reader]]]))).toEqual([]);
    await reader.close();
    const head = await headOf(first, party);
    await until('the others are published', async () => (await placesInStream(party)).length >= head - 1);
    const [left] = await sql<{ seq: number }>(
      first.database.url,
      `SELECT seq::int FROM events WHERE tenant_id = $1 AND data->>'title' = $2`,
      [party.tenant.tenantId, large.title],
      party.tenant.tenantId,
    );
    const all = Array.from({ length: head }, (_, n) => n + 1);
    expect(await placesInStream(party)).toEqual(all.filter((place) => place !== left?.seq));
    expect(replicas.filter(({ log }) => log.includes('cannot be published'))).toEqual([]);
  }, 120_000);
});

(canMount ? describe : describe.skip)('the disk of NATS is full', () => {
  it('which costs nothing, and once there is room the stream has it all', async () => {
    const disk = SmallDisk.mount(64);
    if (!disk) throw new Error('could be mounted a moment ago');
    const usual = cluster;
    cluster = await NatsCluster.start({ disk: disk.dir });
    try {
      const first = await startThree([cluster.url]);
      const parties = await trouble(
        first,
        () => {
          disk.fill();
          return until('NATS takes nothing', () =>
            replicas.some(({ log }) => log.includes('cannot be published')),
          ).then(() => undefined);
        },
        async () => {
          disk.empty();
          // A server whose disk was full has put its streams away until it is started again.
          await cluster.restart();
        },
      );
      await expectAllPublished(first, parties);
      await stopReplicas();
    } finally {
      await cluster.stop();
      disk.unmount();
      cluster = usual;
    }
  }, 180_000);
});

withNats('PostgreSQL killed and started again', () => {
  it('costs nothing that was acknowledged, and nobody reads anything twice', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-restart-'));
    let postgres = await startEmbeddedPostgres({ dataDir });
    // It comes back on another port; the replicas know only the proxy's.
    const proxy = await CuttableProxy.to(Number(new URL(postgres.url).port));
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    try {
      const first = await startThree([cluster.url], { database: { name: '', url: url.href } });
      const parties = await trouble(first, async () => {
        const { cluster: files } = findServerHome(realpathSync(dataDir), sharedDirOfRoot);
        process.kill(findPostmaster(files)?.pid ?? NaN, 'SIGKILL');
        await postgres.stop();
        postgres = await startEmbeddedPostgres({ dataDir });
        proxy.target = Number(new URL(postgres.url).port);
      });
      await expectAllPublished(first, parties);
    } finally {
      await stopReplicas();
      await proxy.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 180_000);
});
