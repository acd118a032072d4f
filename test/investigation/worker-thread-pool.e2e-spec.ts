import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '#kernel/config/config';
import type { RemoteAnalyser } from '#modules/investigation/application/analysis/analyser-pool';
import type { InvestigatedIncident } from '#modules/investigation/domain/agents/agent';
import { type PoolOptions, WorkerThreadPool } from '#modules/investigation/infrastructure/worker-thread-pool';
import { CHECKOUT } from '../support/server.js';
import { until } from '../support/until.js';

const SCRIPT = pathToFileURL(join(CHECKOUT, 'dist/modules/investigation/infrastructure/analyser-thread.js'));
/** A thread that misbehaves as the name of the agent says; for any other name it returns the name. */
const FAULTY = new URL(
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

class TestPool extends WorkerThreadPool {
  protected override readonly options: PoolOptions;

  constructor(script: URL, options: Partial<PoolOptions> = {}) {
    super({ investigationMemoryMb: 64 } as Config);
    this.options = { script, idleMs: 60_000, timeoutSeconds: 60, ...options };
  }
}

const never = new AbortController().signal;
const opened: WorkerThreadPool[] = [];
afterEach(() => Promise.all(opened.splice(0).map((pool) => pool.onApplicationShutdown())));

function poolOf(script: URL, options?: Partial<PoolOptions>): WorkerThreadPool {
  const pool = new TestPool(script, options);
  opened.push(pool);
  return pool;
}

function run(pool: WorkerThreadPool, name: string, signal = never): Promise<unknown> {
  return pool.use(signal, (analyser) => analyser.run(name));
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

async function manyLines(analyser: RemoteAnalyser): Promise<void> {
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
    await analyser.add(head, JSON.stringify(lines));
  }
}

describe('an analyser in a worker thread', () => {
  it('computes a large case without blocking the event loop', async () => {
    const turnsOf = await poolOf(SCRIPT).use(never, async (analyser) => {
      await analyser.open({ incident: INCIDENT });
      await manyLines(analyser);
      await analyser.begin(await analyser.estimateOnset());
      let turns = 0;
      let isComputing = true;
      const turn = (): void => {
        turns += 1;
        if (isComputing) setImmediate(turn);
      };
      setImmediate(turn);
      const { report } = await analyser.run('log analysis');
      isComputing = false;
      expect(report.message).toContain('error lines in 60 services');
      return turns;
    });
    // Computed on the event loop itself, there would be one turn or two.
    expect(turnsOf).toBeGreaterThan(100);
  });

  it('passes on an error, and serves the next case', async () => {
    const pool = poolOf(FAULTY);
    await expect(run(pool, 'fails')).rejects.toThrow('a bad row');
    expect(await run(pool, 'next')).toBe('next');
    expect(pool.threads).toBe(1);
  });

  it('is terminated at once on abort, even in an endless loop', async () => {
    const pool = poolOf(FAULTY);
    const control = new AbortController();
    const running = run(pool, 'loops', control.signal);
    control.abort(new Error('a person aborted it'));
    await expect(running).rejects.toThrow('a person aborted it');
    expect(pool.threads).toBe(0);
    await expect(run(pool, 'anything', control.signal)).rejects.toThrow('a person aborted it');
  });

  const failures: readonly (readonly [string, RegExp])[] = [
    ['crashes', /ended with code 3/],
    ['throws outside', /nobody catches this/],
    ['hoards', /more than 64 MiB of memory/],
    ['loops', /took longer than 1 s/],
  ];

  it.each(failures)('that %s is lost, without affecting another one or the process', async (name, why) => {
    // A second may be too short for the start of a thread.
    const pool = poolOf(FAULTY, name === 'loops' ? { timeoutSeconds: 1 } : {});
    const other = pool.use(never, async (analyser) => {
      await expect(run(pool, name)).rejects.toMatchObject({ name: 'AnalyserLostError', message: why });
      return analyser.run('still here');
    });
    expect(await other).toBe('still here');
    expect(await run(pool, 'again')).toBe('again');
    expect(pool.threads).toBe(1);
  });

  it('is started on demand, and terminated when idle', async () => {
    const pool = poolOf(FAULTY, { idleMs: 1 });
    expect(pool.threads).toBe(0);
    expect(await run(pool, 'once')).toBe('once');
    await until('its thread is gone', () => pool.threads === 0);
    expect(await run(pool, 'again')).toBe('again');
  });
});
