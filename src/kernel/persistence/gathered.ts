import { AdaptiveBatches, type BatchOptions } from './adaptive-batches.js';

type Manner = Pick<BatchOptions<unknown, unknown>, 'size' | 'slots' | 'longestRestMs'>;

const AS_A_RULE = { size: 256, slots: 2 };

/**
 * Asks together what is asked one by one: what comes in one turn of the event loop goes out at its end, or with the next
 * ones while others are under way. For questions that many tenants have at the same time, each about itself.
 *
 * @param ask answers one answer for each key, in their order; it must not need a transaction under way
 * @param manner how many are asked together, and when
 */
export function gathered<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<Answer[]>,
  manner: Manner = AS_A_RULE,
): (key: Key) => Promise<Answer> {
  const batches = new AdaptiveBatches<Key, Answer>({ ...manner, queue: Infinity, write: ask });
  // With such a queue it never refuses.
  return (key) => batches.add(key) as Promise<Answer>;
}
