import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ReconnectingReader, newWorkload, type Workload, sendAlerts, findViolations } from './traffic.js';

let replicas: TestServer[];
beforeAll(async () => {
  const first = await TestServer.start();
  const { database } = first;
  replicas = [first, ...(await Promise.all([1, 2].map(() => TestServer.start({ database }))))];
});
afterAll(async () => {
  for (const replica of [...replicas].reverse()) await replica.stop();
});

describe('three replicas over one PostgreSQL', () => {
  it('lose, repeat and reorder no event of any tenant when one of them is killed', async () => {
    const [first, doomed] = replicas as [TestServer, TestServer, TestServer];
    const workloads = await Promise.all([1, 2, 3].map(() => newWorkload(first.url)));
    // Each tenant has a reader on every replica, so also on the one that dies.
    const readers = new Map<Workload, ReconnectingReader[]>(
      workloads.map((workload) => [
        workload,
        replicas.map((_, n) => new ReconnectingReader(replicas, workload.tenant, n)),
      ]),
    );
    const all = [...readers.values()].flat();
    await until('all readers are connected', () => all.every(({ isOpen }) => isOpen));

    const sending = Promise.all(
      workloads.flatMap((workload) =>
        [1, 2, 3, 4].map((n) => sendAlerts(workload, replicas, 60, `kill-${n}`)),
      ),
    );
    await until('a third is sent', () => workloads.every(({ acknowledged }) => acknowledged.length > 80));
    await doomed.kill();
    await sending;
    expect(workloads.map(({ acknowledged }) => acknowledged.length)).toEqual([240, 240, 240]);
    expect(await findViolations(first.database, workloads, readers)).toEqual([]);
    await Promise.all(all.map((reader) => reader.close()));
  });
});

describe('the roles', () => {
  it('divide the work: `api` serves streams and handles no events, `worker` handles them, and the streams show it', async () => {
    const api = await TestServer.start({ env: { ROLE: 'api' } });
    const { api: caller } = await newTenant(api.url);
    const stream = await EventStream.open(caller);
    await caller.post('/v1/incidents', { title: 'x', description: 'x', severity: 'critical' });
    await stream.waitFor('incident.created');
    const handled = async (url: string): Promise<number> => {
      const { body } = await new Api(url).get<string>('/metrics');
      return Number(/^causeflow_events_relayed_total (\d+)/m.exec(body)?.[1]);
    };
    expect(await handled(api.url)).toBe(0);

    const worker = await TestServer.start({ database: api.database, env: { ROLE: 'worker' } });
    await stream.waitFor('investigation.progress');
    await until('the worker has handled events', async () => (await handled(worker.url)) > 0);
    expect(await handled(api.url)).toBe(0);
    stream.close();
    await worker.stop();
    await api.stop();
  });
});
