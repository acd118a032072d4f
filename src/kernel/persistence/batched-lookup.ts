import { AdaptiveBatches, type BatchOptions } from './adaptive-batches.js';

type Options = Pick<BatchOptions<unknown, unknown>, 'size' | 'slots' | 'maxRestMs'>;

const DEFAULTS = { size: 256, slots: 2 };

/**
 * Turns a look-up of many keys into one of a single key: the calls of one turn of the event loop go out as one batch at its end, or
 * with the next batch while both slots are busy. For look-ups that many tenants do at the same time, each for itself.
 *
 * @param lookUp returns one result per key, in their order; it must not need the current transaction
 */
export function batchedLookup<Key, Answer>(
  lookUp: (keys: readonly Key[]) => Promise<Answer[]>,
  options: Options = DEFAULTS,
): (key: Key) => Promise<Answer> {
  const batches = new AdaptiveBatches<Key, Answer>({ ...options, queue: Infinity, write: lookUp });
  // An infinite queue never refuses.
  return (key) => batches.add(key) as Promise<Answer>;
}
