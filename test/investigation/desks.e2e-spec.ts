import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '#kernel/config/config';
import type { RemoteDesk } from '#modules/investigation/application/desks';
import type { InvestigatedIncident } from '#modules/investigation/domain/agents/agent';
import { ThreadedDesks, type Ways } from '#modules/investigation/infrastructure/threaded-desks';
import { CHECKOUT } from '../support/server.js';
import { until } from '../support/until.js';

const SCRIPT = pathToFileURL(join(CHECKOUT, 'dist/modules/investigation/infrastructure/desk-thread.js'));
/** A desk that misbehaves as programs do, by the name of the agent that it is to run; else it gives the name back. */
const NAUGHTY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    const hoard = [];
    parentPort.on('message', ({ id, args: [name] }) => {
      if (name === 'loops') for (;;);
      if (name === 'crashes') process.exit(3);
      if (name === 'throws outside') setTimeout(() => { throw new Error('nobody catches this'); });
      else if (name === 'hoards') for (;;) hoard.push(new Array(1000).fill(hoard.length));
      else if (name === 'fails') parentPort.postMessage({ id, error: new TypeError('a bad row') });
      else parentPort.postMessage({ id, value: name });
    });
  `)}`,
);

class TestDesks extends ThreadedDesks {
  protected override readonly ways: Ways;

  constructor(script: URL, ways: Partial<Ways> = {}) {
    super({ investigationMemoryMb: 64 } as Config);
    this.ways = { script, idleMs: 60_000, mostSeconds: 60, ...ways };
  }
}

const never = new AbortController().signal;
const opened: ThreadedDesks[] = [];
afterEach(() => Promise.all(opened.splice(0).map((desks) => desks.onApplicationShutdown())));

function desksOf(script: URL, ways?: Partial<Ways>): ThreadedDesks {
  const desks = new TestDesks(script, ways);
  opened.push(desks);
  return desks;
}

function run(desks: ThreadedDesks, name: string, signal = never): Promise<unknown> {
  return desks.use(signal, (desk) => desk.run(name));
}

const NOW = Date.UTC(2026, 0, 15, 12);
const INCIDENT: InvestigatedIncident = {
  incidentId: 'inc_1',
  title: 'Something odd',
  description: 'It is odd.',
  severity: 'high',
  service: 'svc7',
  environment: null,
  alertedAt: NOW,
  tags: {},
  metadata: {},
  evidenceId: 'evd_alert',
};

async function manyLines(desk: RemoteDesk): Promise<void> {
  const head = { evidenceId: 'evd_log', type: 'log', source: 'loki', observedAt: NOW } as const;
  for (let batch = 0; batch < 50; batch += 1) {
    const lines = Array.from({ length: 1_000 }, (_, n) => {
      const at = batch * 1_000 + n;
      const isBad = at > 42_000 && at % 5 === 0;
      return {
        timestamp: NOW - (50_000 - at) * 60,
        entity: `svc${at % 60}`,
        level: isBad ? 'error' : 'info',
        message: isBad ? `pool exhausted after ${at} ms` : `served ${at} of user ${(at * 7) % 997}`,
      };
    });
    await desk.add(head, JSON.stringify(lines));
  }
}

describe('a desk', () => {
  it('thinks a large case through without holding up the loop that serves everybody else', async () => {
    const turnsOf = await desksOf(SCRIPT).use(never, async (desk) => {
      await desk.open({ incident: INCIDENT });
      await manyLines(desk);
      await desk.begin(await desk.estimateOnset());
      let turns = 0;
      let isThinking = true;
      const turn = (): void => {
        turns += 1;
        if (isThinking) setImmediate(turn);
      };
      setImmediate(turn);
      const { report } = await desk.run('log analysis');
      isThinking = false;
      expect(report.message).toContain('error lines in 60 services');
      return turns;
    });
    // On the loop itself it would be one turn, or two.
    expect(turnsOf).toBeGreaterThan(100);
  });

  it('passes on what goes wrong in it, and is good for the next case', async () => {
    const desks = desksOf(NAUGHTY);
    await expect(run(desks, 'fails')).rejects.toThrow('a bad row');
    expect(await run(desks, 'next')).toBe('next');
    expect(desks.threads).toBe(1);
  });

  it('is taken away at once, even in the middle of an endless loop', async () => {
    const desks = desksOf(NAUGHTY);
    const control = new AbortController();
    const running = run(desks, 'loops', control.signal);
    control.abort(new Error('a person aborted it'));
    await expect(running).rejects.toThrow('a person aborted it');
    expect(desks.threads).toBe(0);
    await expect(run(desks, 'anything', control.signal)).rejects.toThrow('a person aborted it');
  });

  const troubles: readonly (readonly [string, RegExp])[] = [
    ['crashes', /ended with code 3/],
    ['throws outside', /nobody catches this/],
    ['hoards', /more than 64 MiB of memory/],
    ['loops', /took longer than 1 s/],
  ];

  it.each(troubles)('that %s is lost, and no other one, nor the process', async (name, why) => {
    const desks = desksOf(NAUGHTY, { mostSeconds: 1 });
    const other = desks.use(never, async (desk) => {
      await expect(run(desks, name)).rejects.toMatchObject({ name: 'DeskLostError', message: why });
      return desk.run('still here');
    });
    expect(await other).toBe('still here');
    expect(await run(desks, 'again')).toBe('again');
    expect(desks.threads).toBe(1);
  });

  it('is dropped when nobody needs it, and none is there before somebody does', async () => {
    const desks = desksOf(NAUGHTY, { idleMs: 1 });
    expect(desks.threads).toBe(0);
    expect(await run(desks, 'once')).toBe('once');
    await until('its thread is gone', () => desks.threads === 0);
    expect(await run(desks, 'again')).toBe('again');
  });
});
