import { afterEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { newTenantId, type TenantId } from '../domain/ids.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import { CommittedEvents } from './committed-events.js';
import { GrownLogs } from './grown-logs.js';

const LOGS_A_PASS = 16;

interface Pass {
  readonly tenantIds: readonly TenantId[];
  end(unfinished: readonly TenantId[]): void;
  fail(): void;
}

let following: GrownLogs | undefined;
afterEach(() => following?.stop());

/** A follower whose passes end as the test says; `next` waits for one to begin. */
function follow({ left = [], isBlind = false }: { left?: TenantId[]; isBlind?: boolean } = {}) {
  const committed = new CommittedEvents();
  const complaints: unknown[] = [];
  const look = { tenant_ids: left, took_ms: 0 };
  let looks = 0;
  let onThirdLook: () => void = () => undefined;
  const thirdLook = new Promise<void>((resolve) => (onThirdLook = resolve));
  const lookUp = (): Promise<unknown[]> => {
    looks += 1;
    if (looks === 3) onThirdLook();
    return isBlind ? Promise.reject(new Error('no')) : Promise.resolve([look]);
  };
  const begun: Pass[] = [];
  const awaited: ((pass: Pass) => void)[] = [];
  const begin = (pass: Pass): void => {
    const first = awaited.shift();
    if (first) first(pass);
    else begun.push(pass);
  };
  following = new GrownLogs(
    {
      log: {
        error: (_: unknown, said: unknown) => complaints.push(said),
        warn: (_: unknown, said: unknown) => complaints.push(said),
        log: () => undefined,
      } as unknown as Logger,
      findBehind: 'streams_behind',
      logsAPass: LOGS_A_PASS,
      moveOn: (tenantIds) =>
        new Promise((end, reject) => {
          begin({ tenantIds, end, fail: () => { reject(new Error('no')); } }); // prettier-ignore
        }),
      complaint: 'cannot go on',
    },
    { lookUp } as unknown as UnitOfWork,
    committed,
  );
  const next = (): Promise<Pass> =>
    new Promise((resolve) => {
      const pass = begun.shift();
      if (pass) resolve(pass);
      else awaited.push(resolve);
    });
  return { committed, complaints, begun, next, thirdLook };
}

describe('whose logs have grown', () => {
  it('is told by nudges, one pass after the other', async () => {
    const [one, two] = [newTenantId(), newTenantId()];
    const { committed, begun, next } = follow();
    committed.heard([one]);
    const first = await next();
    expect(first.tenantIds).toEqual([one]);
    committed.heard([one, two]);
    expect(begun).toEqual([]);
    first.end([]);
    const second = await next();
    expect(second.tenantIds).toEqual([one, two]);
    second.end([]);
  });

  it('is found without a nudge by a look at all tenants', async () => {
    const left = newTenantId();
    const { next } = follow({ left: [left] });
    const pass = await next();
    expect(pass.tenantIds).toEqual([left]);
    pass.end([]);
  });

  it('lets those with more to come stand in line behind the others', async () => {
    const many = Array.from({ length: LOGS_A_PASS + 1 }, newTenantId);
    const { committed, next } = follow();
    committed.heard(many);
    const first = await next();
    expect(first.tenantIds).toEqual(many.slice(0, LOGS_A_PASS));
    first.end(many.slice(0, 1));
    const second = await next();
    expect(second.tenantIds).toEqual([many[LOGS_A_PASS], many[0]]);
    second.end([]);
  });

  it('comes again after a pass that failed, and complains once', async () => {
    const tenantId = newTenantId();
    const { committed, complaints, next } = follow();
    committed.heard([tenantId]);
    (await next()).fail();
    (await next()).fail();
    const third = await next();
    expect(third.tenantIds).toEqual([tenantId]);
    expect(complaints).toEqual(['cannot go on']);
    third.end([]);
  });

  it('is looked for again and again while nobody can tell, which is said once', async () => {
    const { complaints, thirdLook } = follow({ isBlind: true });
    await thirdLook;
    expect(complaints).toHaveLength(1);
  });

  it('waits at its end for the pass under way, and begins no other', async () => {
    const { committed, begun, next } = follow();
    committed.heard([newTenantId()]);
    const pass = await next();
    committed.heard([newTenantId()]);
    let ended = false;
    const stopped = following?.stop().then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    pass.end([]);
    await stopped;
    expect(begun).toEqual([]);
  });
});
