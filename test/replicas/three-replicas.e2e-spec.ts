import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { FaithfulReader, newParty, type Party, sendAlerts, whatIsWrong } from './traffic.js';

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
  it('lose nothing, repeat nothing and keep the order of each tenant when one of them is killed', async () => {
    const [first, doomed] = replicas as [TestServer, TestServer, TestServer];
    const parties = await Promise.all([1, 2, 3].map(() => newParty(first.url)));
    // Each tenant is read on every replica, so that each has readers on the one that dies.
    const readers = new Map<Party, FaithfulReader[]>(
      parties.map((party) => [party, replicas.map((_, n) => new FaithfulReader(replicas, party.tenant, n))]),
    );
    const all = [...readers.values()].flat();
    await until('all read', () => all.every(({ isOpen }) => isOpen));

    const sending = Promise.all(
      parties.flatMap((party) => [1, 2, 3, 4].map((n) => sendAlerts(party, replicas, 60, `kill-${n}`))),
    );
    await until('a third is sent', () => parties.every(({ acknowledged }) => acknowledged.length > 80));
    await doomed.kill();
    await sending;
    expect(parties.map(({ acknowledged }) => acknowledged.length)).toEqual([240, 240, 240]);
    expect(await whatIsWrong(first.database, parties, readers)).toEqual([]);
    await Promise.all(all.map((reader) => reader.close()));
  }, 180_000);
});

describe('roles', () => {
  it('divide the work: one serves and has nothing handled, the other handles and tells its readers', async () => {
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
    await until('the worker has handled it', async () => (await handled(worker.url)) > 0);
    expect(await handled(api.url)).toBe(0);
    stream.close();
    await worker.stop();
    await api.stop();
  });
});
