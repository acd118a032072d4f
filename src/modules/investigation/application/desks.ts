import type { Desk } from './desk.js';

/** A desk that stands elsewhere: the same, but every answer takes a while. */
export type RemoteDesk = {
  readonly [Name in keyof Desk]: Desk[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Answer>
    : never;
};

/** The desk was lost with the case on it. What was stored is there still, so the work can be done again. */
export class DeskLostError extends Error {
  override readonly name = 'DeskLostError';
}

/** Where cases can be worked on without holding anybody else up. */
export abstract class Desks {
  /**
   * Lends a desk for one piece of work.
   * @param signal takes it away at once, whatever is being computed; `work` then fails with its reason
   * @throws DeskLostError when it breaks down, takes too long or needs too much memory
   */
  abstract use<T>(signal: AbortSignal, work: (desk: RemoteDesk) => Promise<T>): Promise<T>;
}
