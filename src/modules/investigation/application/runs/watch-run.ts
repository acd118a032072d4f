import { Injectable } from '@nestjs/common';
import type { Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';

const POLL_INTERVAL_MS = 1_000;

/** The run was ended (for instance aborted) while a job worked on it. */
export class RunEndedError extends Error {
  override readonly name = 'RunEndedError';
}

/** Polls a run's status while a job works on it, and cancels the work when the run was aborted on any replica. */
@Injectable()
export class WatchRun {
  constructor(private readonly runs: Runs) {}

  /**
   * @param signal aborted when the process shuts down
   * @param work gets a signal that is aborted with `signal` or when the run is no longer under way
   * @throws RunEndedError when the run was ended meanwhile; else whatever `work` throws
   */
  async whileUnderWay<T>(
    { tenantId, investigationId }: Run,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const ended = new AbortController();
    const poll = async (): Promise<void> => {
      const run = await this.runs.find(tenantId, investigationId);
      if (!run?.isUnderWay) ended.abort(new RunEndedError('The run was ended.'));
    };
    // A failed query is ignored: the next poll, or the work itself, reports a database that stays unavailable.
    const timer = setInterval(() => void poll().catch(() => undefined), POLL_INTERVAL_MS);
    try {
      return await work(AbortSignal.any([signal, ended.signal]));
    } finally {
      clearInterval(timer);
    }
  }
}
