import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { JobSlots } from './job-slots.js';

/** The events of graphile-worker's workers, and how they ask which tenants' jobs they must not take. */
function worker(slots: number) {
  const events = new EventEmitter();
  const { forbiddenTenants } = new JobSlots(slots, events);
  const of = (tenant: string | null) => ({ job: { flags: tenant === null ? null : { [tenant]: true } } });
  return {
    ask: forbiddenTenants,
    starts: (tenant: string | null) => events.emit('job:start', of(tenant)),
    ends: (tenant: string | null) => events.emit('job:complete', of(tenant)),
    findsNone: () => events.emit('worker:getJob:empty', {}),
    failsToAsk: () => events.emit('worker:getJob:error', {}),
  };
}

describe('job slots', () => {
  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
    [7, 6],
    [16, 12],
  ])('of %i a tenant takes at most %i', async (slots, most) => {
    const { ask, starts, ends } = worker(slots);
    for (let taken = 0; taken < most; taken += 1) {
      expect(await ask()).toEqual([]);
      starts('ten_a');
    }
    expect(await ask()).toEqual(['ten_a']);
    starts('ten_b');
    ends('ten_a');
    expect(await ask()).toEqual(most === 1 ? ['ten_b'] : []);
  });

  it('are not overdrawn by workers that ask at the same time', async () => {
    const { ask, starts, findsNone, failsToAsk } = worker(4);
    const answers: string[][] = [];
    const asked = Array.from({ length: 6 }, async () => answers.push(await ask()));
    for (const settle of [() => starts('ten_a'), findsNone, () => starts('ten_a'), failsToAsk]) {
      await turn();
      settle();
    }
    await turn();
    expect(answers).toEqual([[], [], [], [], []]);
    starts('ten_a');
    await Promise.all(asked);
    expect(answers.at(-1)).toEqual(['ten_a']);
  });

  it('are not counted for jobs of no tenant', async () => {
    const { ask, starts, ends } = worker(2);
    for (let n = 0; n < 2; n += 1) {
      expect(await ask()).toEqual([]);
      starts(null);
    }
    ends(null);
    expect(await ask()).toEqual([]);
  });
});
