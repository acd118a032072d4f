import type { Analyser } from './analyser.js';

/** An `Analyser` in another thread: the same methods, each returning a promise. */
export type RemoteAnalyser = {
  readonly [Name in keyof Analyser]: Analyser[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Answer>
    : never;
};

/** The analyser is gone, and the case in its memory with it. Stored data is not affected, so the work can be retried. */
export class AnalyserLostError extends Error {
  override readonly name = 'AnalyserLostError';
}

/** Analysers outside the main event loop, each lent to one case at a time. */
export abstract class AnalyserPool {
  /**
   * Lends an analyser to `work` until its promise settles.
   * @param signal on abort the analyser is terminated, even mid-computation, and `work` fails with the abort reason
   * @throws AnalyserLostError when the analyser crashes, exceeds the time-out or runs out of memory
   */
  abstract use<T>(signal: AbortSignal, work: (analyser: RemoteAnalyser) => Promise<T>): Promise<T>;
}
