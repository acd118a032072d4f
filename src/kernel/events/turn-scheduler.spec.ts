import { setImmediate as nextTick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { newTenantId, type TenantId } from '../domain/ids.js';
import { Metrics } from '../metrics/metrics.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import { CommittedEvents } from './committed-events.js';
import type { TurnResult } from './log-consumer.js';
import { TurnScheduler } from './turn-scheduler.js';

const TENANTS_PER_PASS = 16;
const MAX_ALONE = 2;
/** Longer than the time-out of any pass. */
const LONG_MS = 60_000;

/** Turns started together, which end when the test ends them. */
class StartedTurns {
  readonly results = new Map<TenantId, Promise<TurnResult>>();
  private readonly resolvers = new Map<TenantId, (result: TurnResult) => void>();

  constructor(readonly tenantIds: readonly TenantId[]) {
    for (const tenantId of tenantIds)
      this.results.set(tenantId, new Promise((resolve) => this.resolvers.set(tenantId, resolve)));
  }
  end(tenantId: TenantId, result: Partial<TurnResult> = {}): void {
    this.resolvers.get(tenantId)?.({ position: 1, hasMore: false, ...result });
  }
  endAll(): void {
    for (const tenantId of this.tenantIds) this.end(tenantId);
  }
}

let scheduler: TurnScheduler | undefined;
let started: StartedTurns[];
beforeEach(() => {
  // Fakes the time-out of a pass alone: polls and pauses use node:timers/promises.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  started = [];
});
afterEach(async () => {
  jest.useRealTimers();
  for (const turns of started) turns.endAll();
  await scheduler?.stop();
});

/** A scheduler whose turns end when the test ends them; `next` waits for the next turns to start. */
function schedule({
  lagging = [] as TenantId[],
  pollFails = false,
  startFailures = 0,
  finishFailures = 0,
} = {}) {
  const committed = new CommittedEvents();
  const metrics = new Metrics();
  const logged: unknown[] = [];
  const log = (_: unknown, message: unknown): unknown => logged.push(message);
  const poll = { tenant_ids: lagging, took_ms: 0 };
  let polls = 0;
  let onThirdPoll: () => void = () => undefined;
  const thirdPoll = new Promise<void>((resolve) => (onThirdPoll = resolve));
  const lookUp = (): Promise<unknown[]> => {
    polls += 1;
    if (polls === 3) onThirdPoll();
    return pollFails ? Promise.reject(new Error('no')) : Promise.resolve([poll]);
  };
  const waiting: StartedTurns[] = [];
  const awaited: ((turns: StartedTurns) => void)[] = [];
  const finished: TenantId[] = [];
  let [starts, finishes] = [0, 0];
  scheduler = new TurnScheduler(
    {
      name: 'reader',
      log: { error: log, warn: log, log: () => undefined } as unknown as Logger,
      findLagging: 'streams_behind',
      tenantsPerPass: TENANTS_PER_PASS,
      maxAlone: MAX_ALONE,
      maxRestMs: 0,
      startTurns: (tenantIds) => {
        if (starts++ < startFailures) return Promise.reject(new Error('no'));
        const turns = new StartedTurns(tenantIds);
        started.push(turns);
        const first = awaited.shift();
        if (first) first(turns);
        else waiting.push(turns);
        return Promise.resolve({ events: 1, results: turns.results });
      },
      finishTurns: (results) => {
        if (finishes++ < finishFailures) return Promise.reject(new Error('no'));
        finished.push(...results.keys());
        return Promise.resolve();
      },
      failureMessage: 'cannot go on',
    },
    { lookUp } as unknown as UnitOfWork,
    committed,
    metrics,
  );
  const next = (): Promise<StartedTurns> =>
    new Promise((resolve) => {
      const turns = waiting.shift();
      if (turns) resolve(turns);
      else awaited.push(resolve);
    });
  const heldUp = async (): Promise<number[]> => {
    const family = metrics.families.find(({ name }) => name === 'causeflow_tenants_held_up');
    return ((await family?.read()) ?? []).map(({ value }) => value);
  };
  return { committed, logged, poll, waiting, finished, next, heldUp, thirdPoll };
}

/** Runs everything that does not wait for a turn or a timer. */
async function settle(): Promise<void> {
  for (let ticks = 0; ticks < 10; ticks++) await nextTick();
}

/** Lets the time-out of the current pass expire. */
async function timeOut(): Promise<void> {
  await settle();
  jest.advanceTimersByTime(LONG_MS);
  await settle();
}

describe('a tenant whose log has grown', () => {
  it('gets a turn by a notification, one pass after the other', async () => {
    const [one, two] = [newTenantId(), newTenantId()];
    const { committed, waiting, next } = schedule();
    committed.announceRemote([one]);
    const first = await next();
    expect(first.tenantIds).toEqual([one]);
    committed.announceRemote([one, two]);
    await settle();
    expect(waiting).toEqual([]);
    first.endAll();
    expect((await next()).tenantIds).toEqual([one, two]);
  });

  it('gets a turn by a poll of all tenants when its notification is lost', async () => {
    const tenantId = newTenantId();
    const { next } = schedule({ lagging: [tenantId] });
    expect((await next()).tenantIds).toEqual([tenantId]);
  });

  it('queues behind the other tenants when it has more events than one turn takes', async () => {
    const many = Array.from({ length: TENANTS_PER_PASS + 1 }, newTenantId);
    const [busy, last] = [many[0] as TenantId, many[TENANTS_PER_PASS] as TenantId];
    const { committed, next } = schedule();
    committed.announceRemote(many);
    const first = await next();
    expect(first.tenantIds).toEqual(many.slice(0, TENANTS_PER_PASS));
    first.end(busy, { hasMore: true });
    first.endAll();
    expect((await next()).tenantIds).toEqual([last, busy]);
  });

  it('gets another turn when a pass cannot start, which is logged once', async () => {
    const tenantId = newTenantId();
    const { committed, logged, next } = schedule({ startFailures: 2 });
    committed.announceRemote([tenantId]);
    expect((await next()).tenantIds).toEqual([tenantId]);
    expect(logged).toEqual(['cannot go on']);
  });

  it('gets another turn when a pass cannot be finished', async () => {
    const tenantId = newTenantId();
    const { committed, logged, finished, next } = schedule({ finishFailures: 1 });
    committed.announceRemote([tenantId]);
    (await next()).endAll();
    const again = await next();
    expect([again.tenantIds, logged]).toEqual([[tenantId], ['cannot go on']]);
    again.endAll();
    await settle();
    expect(finished).toEqual([tenantId]);
  });
});

it('polling continues after failures, which are logged once', async () => {
  const { logged, thirdPoll } = schedule({ pollFails: true });
  await thirdPoll;
  expect(logged).toHaveLength(1);
});

it.each(['pass', 'slow turn'])(
  'stopping waits for every turn under way, last for a %s, and starts no more',
  async (last) => {
    const [slow, quick] = [newTenantId(), newTenantId()];
    const { committed, waiting, next } = schedule();
    committed.announceRemote([slow]);
    const alone = await next();
    await timeOut();
    committed.announceRemote([quick]);
    const pass = await next();
    committed.announceRemote([newTenantId()]);
    let hasStopped = false;
    const stopped = scheduler?.stop().then(() => (hasStopped = true));
    (last === 'pass' ? alone : pass).endAll();
    await settle();
    expect(hasStopped).toBe(false);
    (last === 'pass' ? pass : alone).endAll();
    await stopped;
    expect(waiting).toEqual([]);
  },
);

describe('a slow tenant', () => {
  it('takes its turns alone until one is quick, one at a time', async () => {
    const [slow, quick, other] = [newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, finished, next, heldUp } = schedule();
    committed.announceRemote([slow, quick]);
    const first = await next();
    first.end(quick);
    await settle();
    expect(finished).toEqual([]);
    await timeOut();
    committed.announceRemote([slow, other]);
    const second = await next();
    expect(second.tenantIds).toEqual([other]);
    expect([finished, await heldUp()]).toEqual([[quick], [1, 0]]);
    second.endAll();
    await settle();
    expect(waiting).toEqual([]);

    first.end(slow);
    const again = await next();
    expect(again.tenantIds).toEqual([slow]);
    again.endAll();
    await settle();
    expect([finished, await heldUp()]).toEqual([
      [quick, other, slow, slow],
      [0, 0],
    ]);
    committed.announceRemote([slow, other]);
    expect((await next()).tenantIds).toEqual([slow, other]);
  });

  it('delays the pass while more tenants are slow than may run alone', async () => {
    const [one, two, three, other] = [newTenantId(), newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, next } = schedule();
    committed.announceRemote([one, two, three]);
    const first = await next();
    committed.announceRemote([other]);
    await timeOut();
    expect(waiting).toEqual([]);
    first.end(two);
    expect((await next()).tenantIds).toEqual([other]);
  });

  it('delays the pass until a turn that runs alone ends and makes room', async () => {
    const [one, two, three, other] = [newTenantId(), newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, next } = schedule();
    committed.announceRemote([one, two]);
    const first = await next();
    await timeOut();
    committed.announceRemote([three]);
    await next();
    committed.announceRemote([other]);
    await timeOut();
    expect(waiting).toEqual([]);
    first.end(one);
    expect((await next()).tenantIds).toEqual([other]);
  });

  it('waits for room to take its next turn, and other tenants do not', async () => {
    const [one, two, three, other] = [newTenantId(), newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, next } = schedule();
    committed.announceRemote([one, two]);
    const first = await next();
    await timeOut();
    first.end(one);
    await settle();
    committed.announceRemote([three]);
    await next();
    await timeOut();
    // Two and three take up the room that one would need.
    committed.announceRemote([one, other]);
    const pass = await next();
    expect(pass.tenantIds).toEqual([other]);
    pass.endAll();
    await settle();
    expect(waiting).toEqual([]);
    first.end(two);
    expect((await next()).tenantIds).toEqual([one]);
  });
});

describe('a failing tenant', () => {
  it('is retried alone by the next polls and logged once, while the others continue', async () => {
    const [bad, good] = [newTenantId(), newTenantId()];
    const { committed, logged, poll, waiting, next, heldUp } = schedule();
    committed.announceRemote([bad, good]);
    const first = await next();
    first.end(bad, { failure: new Error('no') });
    first.end(good);
    await settle();
    expect([logged, await heldUp()]).toEqual([[`${bad}: cannot go on`], [0, 1]]);
    committed.announceRemote([bad, good]);
    const second = await next();
    expect(second.tenantIds).toEqual([good]);
    second.endAll();
    await settle();
    expect(waiting).toEqual([]);

    poll.tenant_ids = [bad];
    for (const failure of [new Error('no'), undefined]) {
      const alone = await next();
      expect(alone.tenantIds).toEqual([bad]);
      alone.end(bad, { failure });
    }
    poll.tenant_ids = [];
    await settle();
    expect([logged.length, await heldUp()]).toEqual([1, [0, 0]]);
    committed.announceRemote([bad, good]);
    expect((await next()).tenantIds).toEqual([bad, good]);
  });

  it('is retried by a poll also when a notification came during the turn that failed', async () => {
    const bad = newTenantId();
    const { committed, poll, waiting, next } = schedule();
    committed.announceRemote([bad]);
    const first = await next();
    committed.announceRemote([bad]);
    first.end(bad, { failure: new Error('no') });
    await settle();
    expect(waiting).toEqual([]);
    poll.tenant_ids = [bad];
    expect((await next()).tenantIds).toEqual([bad]);
  });

  it('is retried before those that failed after it, when a poll cannot retry all', async () => {
    const [one, two, three] = [newTenantId(), newTenantId(), newTenantId()];
    const failure = new Error('no');
    const { committed, next } = schedule({ lagging: [one, two, three] });
    committed.announceRemote([one, two, three]);
    const first = await next();
    for (const tenantId of [one, two, three]) first.end(tenantId, { failure });
    for (const expected of [one, two, three, one]) {
      const alone = await next();
      expect(alone.tenantIds).toEqual([expected]);
      alone.end(expected, { failure });
    }
  });

  it('is named in the log only as one of the first five, however many fail', async () => {
    const many = Array.from({ length: 7 }, newTenantId);
    const { committed, logged, next, heldUp } = schedule({ lagging: many });
    committed.announceRemote(many);
    const pass = await next();
    for (const tenantId of many) pass.end(tenantId, { failure: new Error('no') });
    await settle();
    expect(logged).toEqual(many.slice(0, 5).map((tenantId) => `${tenantId}: cannot go on`));
    expect(await heldUp()).toEqual([0, 7]);
  });

  it('is retried together with all that fail when one of them succeeds', async () => {
    const [one, two, three] = [newTenantId(), newTenantId(), newTenantId()];
    const { committed, poll, next } = schedule();
    poll.tenant_ids = [one, two, three];
    committed.announceRemote(poll.tenant_ids);
    const first = await next();
    for (const tenantId of first.tenantIds) first.end(tenantId, { failure: new Error('no') });
    const [alone, beside] = [await next(), await next()];
    expect([alone.tenantIds, beside.tenantIds]).toEqual([[one], [two]]);
    alone.endAll();
    expect((await next()).tenantIds).toEqual([three]);
  });

  it('is forgotten when another replica processed its events', async () => {
    const bad = newTenantId();
    const { committed, logged, next, heldUp, thirdPoll } = schedule();
    committed.announceRemote([bad]);
    (await next()).end(bad, { failure: new Error('no') });
    // The polls find no tenant that lags.
    await thirdPoll;
    await settle();
    expect([logged.length, await heldUp()]).toEqual([1, [0, 0]]);
    committed.announceRemote([bad]);
    expect((await next()).tenantIds).toEqual([bad]);
  });
});
