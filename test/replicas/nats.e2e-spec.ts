import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscardPolicy, jetstream, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Api } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { untilIdle } from '../support/idle.js';
import { type Options, TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { CrashablePostgres } from './crashable-postgres.js';
import { CuttableProxy } from './cuttable-proxy.js';
import { hasNatsServer, NatsCluster } from './nats-cluster.js';
import { SmallDisk } from './small-disk.js';
import { ReconnectingReader, newWorkload, type Workload, sendAlerts, findViolations } from './traffic.js';

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
});
afterAll(() => (hasNatsServer ? cluster.stop() : undefined));

/** Of the replicas that run, or that are started next. */
let stream = `test-${unique()}`;

async function stopReplicas(): Promise<void> {
  const [first, ...others] = replicas;
  replicas = [];
  // The first one owns the database.
  await Promise.all(others.map((replica) => replica.stop()));
  await first?.stop();
  await (await cluster.manager()).streams.delete(stream).catch(() => undefined);
  stream = `test-${unique()}`;
}

/** Starts three replicas on one PostgreSQL and one NATS cluster, which they reach by these URLs. */
async function startThree(
  urls: readonly string[],
  { database }: Pick<Options, 'database'> = {},
): Promise<TestServer> {
  const of = (n: number) => ({
    NATS_URL: urls[n % urls.length] ?? '',
    NATS_STREAM: stream,
    NATS_REPLICAS: String(cluster.size),
  });
  const first = await TestServer.start({ env: of(0), ...(database && { database }) });
  const others = [1, 2].map((n) => TestServer.start({ env: of(n), database: first.database }));
  replicas = [first, ...(await Promise.all(others))];
  await until('all are connected to NATS', () =>
    replicas.every(({ log }) => log.includes('Events go through NATS')),
  );
  return first;
}

async function eventCount(url: string, name: string): Promise<number> {
  const { body } = await new Api(url).get<string>('/metrics');
  return Number(new RegExp(`^causeflow_events_${name}_total (\\d+)`, 'm').exec(body)?.[1]);
}

async function heldUp(url: string, by: string, reason: string): Promise<number> {
  const { body } = await new Api(url).get<string>('/metrics');
  const line = new RegExp(`^causeflow_tenants_held_up\\{by="${by}",reason="${reason}"\\} (\\d+)`, 'm');
  return Number(line.exec(body)?.[1]);
}

/** The sequence numbers of a tenant's events, in the order of the NATS stream. @throws while it has no leader */
async function seqsInStream({ tenant }: Workload): Promise<number[]> {
  const connection = await connect({ servers: cluster.url.split(',') });
  try {
    const consumer = await jetstream(connection, { timeout: 2_000 }).consumers.get(stream, {
      filter_subjects: `causeflow.events.${tenant.tenantId}.>`,
    });
    const seqs: number[] = [];
    let left = (await consumer.info()).num_pending;
    while (left > 0) {
      for await (const message of await consumer.fetch({
        max_messages: Math.min(left, 200),
        expires: 5_000,
      })) {
        seqs.push(message.json<{ seq: number }>().seq);
        left--;
      }
    }
    return seqs;
  } finally {
    await connection.close();
  }
}

const headOf = async (server: TestServer, { tenant }: Workload): Promise<number> => {
  const [row] = await sql<{ seq: number }>(
    server.database.url,
    'SELECT seq::int FROM event_stream WHERE tenant_id = $1',
    [tenant.tenantId],
    tenant.tenantId,
  );
  return row?.seq ?? 0;
};

/** Sends alerts of two tenants, each with a reader on every replica, before, during and after a failure. */
async function sendThroughFailure(
  first: TestServer,
  causeFailure: () => Promise<void> | void,
  repair?: () => Promise<void> | void,
): Promise<Workload[]> {
  const workloads = await Promise.all([newWorkload(first.url), newWorkload(first.url)]);
  const readers = new Map<Workload, ReconnectingReader[]>(
    workloads.map((workload) => [
      workload,
      replicas.map((_, n) => new ReconnectingReader(replicas, workload.tenant, n)),
    ]),
  );
  const all = [...readers.values()].flat();
  await until('all readers are connected', () => all.every(({ isOpen }) => isOpen));
  const send = (name: string) =>
    Promise.all(
      workloads.flatMap((workload) => [1, 2].map((n) => sendAlerts(workload, replicas, 40, `${name}-${n}`))),
    );
  await send('before');
  const sending = send('during');
  await causeFailure();
  await sending;
  await repair?.();
  await send('after');
  expect(await findViolations(first.database, workloads, readers)).toEqual([]);
  await Promise.all(all.map((reader) => reader.close()));
  return workloads;
}

/** In the end the NATS stream has every event. Events that were published again may be repeated. */
async function expectAllPublished(first: TestServer, workloads: readonly Workload[]): Promise<void> {
  for (const workload of workloads) {
    await untilIdle(first.database, workload.tenant.tenantId);
    const head = await headOf(first, workload);
    const all = Array.from({ length: head }, (_, n) => n + 1);
    const complete = async (): Promise<Set<number> | false> => {
      const seqs = new Set(await seqsInStream(workload));
      return seqs.size === head && seqs;
    };
    const seqs = await until('the stream has all events', complete);
    expect([...seqs].sort((a, b) => a - b)).toEqual(all);
  }
}

withNats('three replicas with a JetStream cluster of three', () => {
  let proxy: CuttableProxy;
  let first: TestServer;
  beforeAll(async () => {
    proxy = await CuttableProxy.to(cluster.portOf(0));
    first = await startThree([cluster.url, `nats://127.0.0.1:${proxy.port}`, cluster.url]);
  });
  afterAll(async () => {
    await stopReplicas();
    await proxy.stop();
  });

  it('publish each tenant’s log completely and in order, and receive events from the stream', async () => {
    const workloads = await sendThroughFailure(first, () => undefined);
    for (const workload of workloads) {
      const head = await headOf(first, workload);
      const seqs = await until('all events are published', async () => {
        const published = await seqsInStream(workload);
        return published.length >= head && published;
      });
      expect(seqs).toEqual(Array.from({ length: head }, (_, n) => n + 1));
    }
    const info = await (await cluster.manager()).streams.info(stream);
    expect(info.config).toMatchObject({
      subjects: ['causeflow.events.>'],
      storage: StorageType.File,
      num_replicas: 3,
    });
    await until('each replica has received many', async () => {
      // One that was slow to begin has missed the others.
      for (const workload of workloads) await sendAlerts(workload, replicas, 10, unique());
      const received = await Promise.all(replicas.map(({ url }) => eventCount(url, 'received')));
      return received.every((count) => count > 100);
    });
  });

  it('send an event of the NATS stream to clients once, without reading PostgreSQL', async () => {
    const workload = await newWorkload(first.url);
    await untilIdle(first.database, workload.tenant.tenantId);
    const readers = await Promise.all(
      replicas.map(({ url }) => EventStream.open(new Api(url, workload.tenant.api.token))),
    );
    const seq = (await headOf(first, workload)) + 1;
    const id = `evt_${unique()}`;
    const { tenantId } = workload.tenant;
    const connection = await connect({ servers: cluster.url.split(',') });
    const event = {
      ...{ seq, id, type: 'incident.created', tenantId, data: '{"made":"up"}', incidentId: null },
      ...{ actor: null, correlationId: null, occurredAt: new Date(0) },
    };
    const subject = `causeflow.events.${tenantId}.incident.created`;
    const publish = (position: number, eventId: string) =>
      jetstream(connection).publish(subject, JSON.stringify({ ...event, seq: position, id: eventId }), {
        msgID: unique(),
      });
    await until('the streams are live', async () => {
      await publish(seq, id);
      return readers.every(({ frames }) => frames.some((frame) => frame.id === id));
    });
    await publish(seq, id);
    await publish(seq + 1, 'evt_last');
    await until('the next event came', () => readers.every(({ frames }) => frames.at(-1)?.id === 'evt_last'));
    for (const reader of readers) {
      expect(reader.frames.filter((frame) => frame.id === id)).toHaveLength(1);
      reader.close();
    }
    await connection.close();
  });

  it('continue when the stream contains messages that are not events', async () => {
    const workload = await newWorkload(first.url);
    await untilIdle(first.database, workload.tenant.tenantId);
    const { tenantId, api } = workload.tenant;
    const readers = await Promise.all(replicas.map(({ url }) => EventStream.open(new Api(url, api.token))));
    const seq = (await headOf(first, workload)) + 1;
    const connection = await connect({ servers: cluster.url.split(',') });
    // The last one is the next event, in another format than this version's.
    const messages = [
      'no JSON',
      'null',
      '{}',
      JSON.stringify({ seq, id: 'evt_x', type: 'incident.created', data: {} }),
    ];
    await until('each replica has received some of them', async () => {
      for (const text of messages)
        await jetstream(connection).publish(`causeflow.events.${tenantId}.incident.created`, text);
      const received = await Promise.all(replicas.map(({ url }) => eventCount(url, 'received')));
      return received.every((count) => count > messages.length);
    });
    await connection.close();
    await api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' });
    await Promise.all(readers.map((reader) => reader.waitFor('incident.created')));
    for (const reader of readers) {
      expect(reader.frames[0]).toMatchObject({ event: 'incident.created', data: { tenantId } });
      reader.close();
    }
  });

  it('log once which tenant’s events NATS refuses, and publish those of other tenants meanwhile', async () => {
    const [refused, other] = [await newWorkload(first.url), await newWorkload(first.url)];
    await expectAllPublished(first, [refused, other]);
    const { streams } = await cluster.manager();
    const { subjects } = (await streams.info(stream)).config;
    // Publishing to another subject gets no answer, as when an operator limited the subjects of the stream.
    await streams.update(stream, { subjects: [`causeflow.events.${other.tenant.tenantId}.>`] });
    const logLines = ({ tenant }: Workload): number[] =>
      replicas.map(({ log }) => log.split(`${tenant.tenantId}: Events cannot be published`).length - 1);
    const failing = async (): Promise<number> => {
      const counts = await Promise.all(replicas.map(({ url }) => heldUp(url, 'publisher', 'failing')));
      return Math.max(...counts);
    };

    await sendAlerts(refused, replicas, 20, 'refused');
    await until('it is logged', () => logLines(refused).some((count) => count > 0));
    await until('it is counted', async () => (await failing()) === 1);
    for (const name of ['one', 'two']) await sendAlerts(other, replicas, 20, name);
    await expectAllPublished(first, [other]);
    expect(logLines(refused).filter((count) => count > 1)).toEqual([]);
    expect(logLines(other)).toEqual([0, 0, 0]);
    expect(await failing()).toBe(1);

    await streams.update(stream, { subjects });
    await expectAllPublished(first, [refused, other]);
    await until('no tenant is failing', async () => (await failing()) === 0);
  });

  // Before a node is killed: then the replica goes on without the proxy.
  it('lose and repeat no event when a replica loses NATS silently', async () => {
    const workloads = await sendThroughFailure(
      first,
      () => proxy.cut(),
      () => proxy.heal(),
    );
    expect(proxy.swallowed).toBeGreaterThan(0);
    await expectAllPublished(first, workloads);
  });

  it('lose and repeat no event when a NATS node is killed', async () => {
    const { streams } = await cluster.manager();
    const name = await until(
      'the stream has a leader',
      async () => (await streams.info(stream)).cluster?.leader,
    );
    const leader = Number(name.slice(1));
    const workloads = await sendThroughFailure(
      first,
      () => cluster.kill(leader),
      () => cluster.startNode(leader),
    );
    await expectAllPublished(first, workloads);
  });

  // The last one, since nothing starts it again.
  it('lose and repeat no event when a replica is killed', async () => {
    const workloads = await sendThroughFailure(first, () => replicas[2]?.kill());
    await expectAllPublished(first, workloads);
  });
});

withNats('the stream has limits', () => {
  afterEach(stopReplicas);

  it('continue with PostgreSQL while the stream is full, and publish the rest when there is room', async () => {
    const manager = await cluster.manager();
    await manager.streams.add({
      name: stream,
      subjects: ['causeflow.events.>'],
      // A limit in bytes does not work: the server counts more bytes than it checks, and drops the oldest messages to compensate.
      max_msgs: 60,
      discard: DiscardPolicy.New,
      num_replicas: 3,
    });
    const first = await startThree([cluster.url]);
    const workloads = await sendThroughFailure(first, () =>
      until('it is full', () => replicas.some(({ log }) => log.includes('cannot be published'))).then(
        () => undefined,
      ),
    );
    await manager.streams.update(stream, { max_msgs: -1 });
    await expectAllPublished(first, workloads);
  });

  it('skip an event that is too large for the stream, publish the later ones, and send all to clients', async () => {
    await (
      await cluster.manager()
    ).streams.add({
      name: stream,
      subjects: ['causeflow.events.>'],
      max_msg_size: 800,
      num_replicas: 3,
    });
    const first = await startThree([cluster.url]);
    const workload = await newWorkload(first.url);
    const reader = new ReconnectingReader(replicas, workload.tenant, 0);
    await sendAlerts(workload, replicas, 5, 'before');
    const large = { title: 'x'.repeat(500), description: 'x', severity: 'info', sourceAlertId: 'large' };
    expect((await workload.sender.send(large)).status).toBe(202);
    workload.acknowledged.push(large.sourceAlertId);
    await sendAlerts(workload, replicas, 5, 'after');
    expect(await findViolations(first.database, [workload], new Map([[workload, [reader]]]))).toEqual([]);
    await reader.close();
    const head = await headOf(first, workload);
    const published = await until('the other events are published', async () => {
      const seqs = await seqsInStream(workload);
      return seqs.length >= head - 1 && seqs;
    });
    const [skipped] = await sql<{ seq: number }>(
      first.database.url,
      `SELECT seq::int FROM events WHERE tenant_id = $1 AND data->>'title' = $2`,
      [workload.tenant.tenantId, large.title],
      workload.tenant.tenantId,
    );
    const all = Array.from({ length: head }, (_, n) => n + 1);
    expect(published).toEqual(all.filter((seq) => seq !== skipped?.seq));
    expect(replicas.filter(({ log }) => log.includes('cannot be published'))).toEqual([]);
  });
});

(canMount ? describe : describe.skip)('the disk of NATS is full', () => {
  it('which loses no event, and the stream gets all of them once there is room', async () => {
    const disk = SmallDisk.mount(64);
    if (!disk) throw new Error('It could be mounted a moment ago');
    const usual = cluster;
    cluster = await NatsCluster.start({ disk: disk.dir });
    try {
      const first = await startThree([cluster.url]);
      const workloads = await sendThroughFailure(
        first,
        () => {
          disk.fill();
          return until('NATS refuses events', () =>
            replicas.some(({ log }) => log.includes('cannot be published')),
          ).then(() => undefined);
        },
        async () => {
          disk.empty();
          // After a full disk the server keeps its streams disabled until it is restarted.
          await cluster.restart();
        },
      );
      await expectAllPublished(first, workloads);
    } finally {
      await stopReplicas();
      await cluster.stop();
      disk.unmount();
      cluster = usual;
    }
  });
});

withNats('NATS loses its storage', () => {
  it('which loses no event; the stream is created again, and gets the events from there on', async () => {
    const usual = cluster;
    cluster = await NatsCluster.start({ size: 1 });
    try {
      const first = await startThree([cluster.url]);
      const workloads = await sendThroughFailure(first, async () => {
        await cluster.loseStorage(0);
        cluster.startNode(0);
      });
      for (const workload of workloads) {
        const head = await headOf(first, workload);
        await until(
          'the new stream has the last event',
          async () => (await seqsInStream(workload)).at(-1) === head,
          60,
        );
      }
    } finally {
      await stopReplicas();
      await cluster.stop();
      cluster = usual;
    }
  }, 180_000);
});

withNats('PostgreSQL is killed and restarted', () => {
  it('which loses no accepted alert, and no client gets an event twice', async () => {
    const postgres = await CrashablePostgres.start();
    try {
      const first = await startThree([cluster.url], { database: postgres.proxied });
      const workloads = await sendThroughFailure(first, () => postgres.crash());
      await expectAllPublished(first, workloads);
    } finally {
      await stopReplicas();
      await postgres.stop();
    }
  });
});
