import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { newTenantId, type TenantId } from '../domain/ids.js';
import { Metrics } from '../metrics/metrics.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import { CommittedEvents } from './committed-events.js';
import { GrownLogs } from './grown-logs.js';
import type { Ending } from './log-follower.js';

const LOGS_A_PASS = 16;
const LOGS_ASIDE = 2;
/** Longer than anybody is waited for. */
const LONG_MS = 60_000;

/** What was begun together: turns that end as the test says. */
class Begun {
  readonly endings = new Map<TenantId, Promise<Ending>>();
  private readonly ends = new Map<TenantId, (ending: Ending) => void>();

  constructor(readonly tenantIds: readonly TenantId[]) {
    for (const tenantId of tenantIds)
      this.endings.set(tenantId, new Promise((resolve) => this.ends.set(tenantId, resolve)));
  }
  end(tenantId: TenantId, ending: Partial<Ending> = {}): void {
    this.ends.get(tenantId)?.({ place: 1, hasMore: false, ...ending });
  }
  endAll(): void {
    for (const tenantId of this.tenantIds) this.end(tenantId);
  }
}

let following: GrownLogs | undefined;
let begun: Begun[];
beforeEach(() => {
  // Of all timers the patience alone: looks and pauses take their time.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  begun = [];
});
afterEach(async () => {
  jest.useRealTimers();
  for (const each of begun) each.endAll();
  await following?.stop();
});

/** A follower whose turns end as the test says; `next` waits for some to begin. */
function follow({ left = [] as TenantId[], isBlind = false, failsToBegin = 0 } = {}) {
  const committed = new CommittedEvents();
  const metrics = new Metrics();
  const said: unknown[] = [];
  const say = (_: unknown, words: unknown): unknown => said.push(words);
  const look = { tenant_ids: left, took_ms: 0 };
  let looks = 0;
  let onThirdLook: () => void = () => undefined;
  const thirdLook = new Promise<void>((resolve) => (onThirdLook = resolve));
  const lookUp = (): Promise<unknown[]> => {
    looks += 1;
    if (looks === 3) onThirdLook();
    return isBlind ? Promise.reject(new Error('no')) : Promise.resolve([look]);
  };
  const waiting: Begun[] = [];
  const awaited: ((begun: Begun) => void)[] = [];
  const ended: TenantId[] = [];
  let failures = 0;
  following = new GrownLogs(
    {
      name: 'reader',
      log: { error: say, warn: say, log: () => undefined } as unknown as Logger,
      findBehind: 'streams_behind',
      logsAPass: LOGS_A_PASS,
      logsAside: LOGS_ASIDE,
      longestRestMs: 0,
      begin: (tenantIds) => {
        if (failures++ < failsToBegin) return Promise.reject(new Error('no'));
        const turns = new Begun(tenantIds);
        begun.push(turns);
        const first = awaited.shift();
        if (first) first(turns);
        else waiting.push(turns);
        return Promise.resolve({ events: 1, endings: turns.endings });
      },
      end: (endings) => {
        ended.push(...endings.keys());
        return Promise.resolve();
      },
      complaint: 'cannot go on',
    },
    { lookUp } as unknown as UnitOfWork,
    committed,
    metrics,
  );
  const next = (): Promise<Begun> =>
    new Promise((resolve) => {
      const turns = waiting.shift();
      if (turns) resolve(turns);
      else awaited.push(resolve);
    });
  const heldUp = async (): Promise<number[]> => {
    const family = metrics.families.find(({ name }) => name === 'causeflow_tenants_held_up');
    return ((await family?.read()) ?? []).map(({ value }) => value);
  };
  return { committed, said, look, waiting, ended, next, heldUp, thirdLook };
}

/** Lets all that is under way go on, until it waits for something. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

/** Lets pass what anybody has patience for. */
async function tooLong(): Promise<void> {
  await settle();
  jest.advanceTimersByTime(LONG_MS);
}

describe('whose logs have grown', () => {
  it('is told by nudges, one pass after the other', async () => {
    const [one, two] = [newTenantId(), newTenantId()];
    const { committed, waiting, next } = follow();
    committed.heard([one]);
    const first = await next();
    expect(first.tenantIds).toEqual([one]);
    committed.heard([one, two]);
    await settle();
    expect(waiting).toEqual([]);
    first.endAll();
    expect((await next()).tenantIds).toEqual([one, two]);
  });

  it('is found without a nudge by a look at all tenants', async () => {
    const left = newTenantId();
    const { next } = follow({ left: [left] });
    expect((await next()).tenantIds).toEqual([left]);
  });

  it('lets those with more to come stand in line behind the others', async () => {
    const many = Array.from({ length: LOGS_A_PASS + 1 }, newTenantId);
    const [busy, last] = [many[0] as TenantId, many[LOGS_A_PASS] as TenantId];
    const { committed, next } = follow();
    committed.heard(many);
    const first = await next();
    expect(first.tenantIds).toEqual(many.slice(0, LOGS_A_PASS));
    first.end(busy, { hasMore: true });
    first.endAll();
    expect((await next()).tenantIds).toEqual([last, busy]);
  });

  it('comes again when a pass could not even begin, and complains once', async () => {
    const tenantId = newTenantId();
    const { committed, said, next } = follow({ failsToBegin: 2 });
    committed.heard([tenantId]);
    expect((await next()).tenantIds).toEqual([tenantId]);
    expect(said).toEqual(['cannot go on']);
  });

  it('is looked for again and again while nobody can tell, which is said once', async () => {
    const { said, thirdLook } = follow({ isBlind: true });
    await thirdLook;
    expect(said).toHaveLength(1);
  });

  it('waits at its end for what is under way, in a pass and aside, and begins nothing more', async () => {
    const [slow, quick] = [newTenantId(), newTenantId()];
    const { committed, waiting, next } = follow();
    committed.heard([slow]);
    const first = await next();
    await tooLong();
    committed.heard([quick]);
    const second = await next();
    committed.heard([newTenantId()]);
    let ended = false;
    const stopped = following?.stop().then(() => (ended = true));
    second.endAll();
    await settle();
    expect(ended).toBe(false);
    first.endAll();
    await stopped;
    expect(waiting).toEqual([]);
  });
});

describe('a tenant who takes long', () => {
  it('goes on aside, and by herself until she is quick again, one turn at a time', async () => {
    const [slow, quick, other] = [newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, ended, next, heldUp } = follow();
    committed.heard([slow, quick]);
    const first = await next();
    first.end(quick);
    await settle();
    expect(ended).toEqual([]);
    await tooLong();
    committed.heard([slow, other]);
    const second = await next();
    expect(second.tenantIds).toEqual([other]);
    expect([ended, await heldUp()]).toEqual([[quick], [1, 0]]);
    second.endAll();
    await settle();
    expect(waiting).toEqual([]);

    first.end(slow);
    const again = await next();
    expect(again.tenantIds).toEqual([slow]);
    again.endAll();
    await settle();
    expect([ended, await heldUp()]).toEqual([
      [quick, other, slow, slow],
      [0, 0],
    ]);
    committed.heard([slow, other]);
    expect((await next()).tenantIds).toEqual([slow, other]);
  });

  it('is waited for when more do than may go aside', async () => {
    const [one, two, three, other] = [newTenantId(), newTenantId(), newTenantId(), newTenantId()];
    const { committed, waiting, next } = follow();
    committed.heard([one, two, three]);
    const first = await next();
    committed.heard([other]);
    await tooLong();
    await settle();
    expect(waiting).toEqual([]);
    first.end(two);
    expect((await next()).tenantIds).toEqual([other]);
  });
});

describe('a tenant who fails', () => {
  it('is tried again at the next looks, by herself, and named once, while the others go on', async () => {
    const [bad, good] = [newTenantId(), newTenantId()];
    const { committed, said, look, waiting, next, heldUp } = follow();
    committed.heard([bad, good]);
    const first = await next();
    first.end(bad, { failure: new Error('no') });
    first.end(good);
    await settle();
    expect([said, await heldUp()]).toEqual([[`${bad}: cannot go on`], [0, 1]]);
    committed.heard([bad, good]);
    const second = await next();
    expect(second.tenantIds).toEqual([good]);
    second.endAll();
    await settle();
    expect(waiting).toEqual([]);

    look.tenant_ids = [bad];
    for (const failure of [new Error('no'), undefined]) {
      const alone = await next();
      expect(alone.tenantIds).toEqual([bad]);
      alone.end(bad, { failure });
    }
    look.tenant_ids = [];
    await settle();
    expect([said.length, await heldUp()]).toEqual([1, [0, 0]]);
    committed.heard([bad, good]);
    expect((await next()).tenantIds).toEqual([bad, good]);
  });

  it('comes again with all who failed when one of them goes on', async () => {
    const [one, two, three] = [newTenantId(), newTenantId(), newTenantId()];
    const { committed, look, next } = follow();
    look.tenant_ids = [one, two, three];
    committed.heard(look.tenant_ids);
    const first = await next();
    for (const tenantId of first.tenantIds) first.end(tenantId, { failure: new Error('no') });
    const [alone, beside] = [await next(), await next()];
    expect([alone.tenantIds, beside.tenantIds]).toEqual([[one], [two]]);
    alone.endAll();
    expect((await next()).tenantIds).toEqual([three]);
  });

  it('is forgotten when another replica got on with her', async () => {
    const bad = newTenantId();
    const { committed, said, next, heldUp, thirdLook } = follow();
    committed.heard([bad]);
    (await next()).end(bad, { failure: new Error('no') });
    // Looks find nobody behind.
    await thirdLook;
    await settle();
    expect([said.length, await heldUp()]).toEqual([1, [0, 0]]);
    committed.heard([bad]);
    expect((await next()).tenantIds).toEqual([bad]);
  });
});
