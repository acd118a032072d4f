import { AdaptiveBatches } from './adaptive-batches.js';

const QUESTIONS_AT_ONCE = 256;
const UNDER_WAY = 2;

/**
 * Asks together what is asked one by one: what comes in one turn of the event loop goes out at its end, or with the next
 * ones while others are under way. For questions that many tenants have at the same time, each about itself.
 *
 * @param ask answers one answer for each key, in their order; it must not need a transaction under way
 * @param atOnce how many are asked together at most
 */
export function gathered<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<Answer[]>,
  atOnce = QUESTIONS_AT_ONCE,
): (key: Key) => Promise<Answer> {
  const batches = new AdaptiveBatches<Key, Answer>({
    size: atOnce,
    queue: Infinity,
    slots: UNDER_WAY,
    write: ask,
  });
  // With such a queue it never refuses.
  return (key) => batches.add(key) as Promise<Answer>;
}
