import { Injectable } from '@nestjs/common';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';

const LOOK_EVERY_MS = 1_000;

/** Somebody ended the run while it was worked on. */
export class RunEndedError extends Error {
  override readonly name = 'RunEndedError';
}

/** Sees, on whichever replica it is worked on, that a run was aborted, and stops what is done for it. */
@Injectable()
export class WatchRun {
  constructor(private readonly runs: Runs) {}

  /**
   * @param signal of the process that stops
   * @param work gets a signal that is aborted with `signal`, and when the run is not under way any more
   * @throws RunEndedError when the run was ended meanwhile, or whatever `work` throws
   */
  async whileUnderWay<T>(
    { tenantId, investigationId }: Run,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const ended = new AbortController();
    const look = async (): Promise<void> => {
      const run = await this.runs.find(tenantId, investigationId);
      if (!run?.isUnderWay) ended.abort(new RunEndedError('The run was ended.'));
    };
    // A database that cannot be asked for a moment ends nothing: the next look, or the work itself, will tell.
    const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
    try {
      return await work(AbortSignal.any([signal, ended.signal]));
    } finally {
      clearInterval(timer);
    }
  }
}
