import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { Run } from '../../domain/run.js';
import type { Runs } from '../../domain/runs.js';
import { RunEndedError, WatchRun } from './watch-run.js';

const start = { trigger: 'person', startedBy: 'user_1' } as const;
const never = new AbortController().signal;

function aRun(): Run {
  const run = Run.queue(newTenantId(), 'inc_1', start, ['first'], new Date(0));
  return Object.assign(run, { status: 'running' as const });
}

/** @param find called on each poll */
function watching(find: () => Promise<Run | undefined>): WatchRun {
  return new WatchRun({ find } as unknown as Runs);
}

/** Work that ends only when it is cancelled. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

describe('Work on a run', () => {
  it('is cancelled when the run was ended elsewhere, also after a poll that failed', async () => {
    const run = aRun();
    let polls = 0;
    const watch = watching(() => {
      polls += 1;
      if (polls === 1) return Promise.reject(new Error('no connection'));
      run.abort(new Date(1));
      return Promise.resolve(run);
    });
    await expect(watch.whileUnderWay(run, never, endless)).rejects.toBeInstanceOf(RunEndedError);
    expect(polls).toBe(2);
  });

  it('is cancelled when the process stops', async () => {
    const run = aRun();
    const process = new AbortController();
    const work = watching(() => Promise.resolve(run)).whileUnderWay(run, process.signal, endless);
    process.abort(new Error('the process stops'));
    await expect(work).rejects.toThrow('the process stops');
  });

  it('passes on its result or its error', async () => {
    const run = aRun();
    const watch = watching(() => Promise.resolve(run));
    expect(await watch.whileUnderWay(run, never, () => Promise.resolve('done'))).toBe('done');
    await expect(
      watch.whileUnderWay(run, never, () => Promise.reject(new Error('it failed'))),
    ).rejects.toThrow('it failed');
  });
});
