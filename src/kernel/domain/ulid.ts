import { createHash, randomFillSync } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODES = Buffer.from(DIGITS, 'latin1');
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;
/** Random parts fetched per system call, because the call is expensive whatever its size. */
const POOL_SIZE = 256;

/** When the clock goes back further, ids follow it: an id says when its row was created. */
const MAX_STEP_BACK_MS = 10_000;

/**
 * Creates monotonic ULIDs. Within one millisecond, or when the clock goes back a little, the random part of the last one is
 * incremented, as the specification says.
 * @param now milliseconds since 1970
 */
export function ulidFactory(now: () => number): () => string {
  const pool = new Uint8Array(POOL_SIZE * RANDOM_DIGITS);
  const random = new Uint8Array(RANDOM_DIGITS);
  let used = pool.length;
  const text = Buffer.alloc(TIME_DIGITS + RANDOM_DIGITS);
  let madeAt = -1;
  return () => {
    const moment = now();
    if (moment > madeAt || moment < madeAt - MAX_STEP_BACK_MS) {
      madeAt = moment;
      text.write(timeDigits(moment), 'latin1');
      if (used === pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      for (let at = 0; at < RANDOM_DIGITS; at += 1) random[at] = (pool[used++] ?? 0) & 31;
      // Leaves room for increments: the first digit cannot overflow.
      random[0] = (random[0] ?? 0) & 15;
    } else increment(random);
    for (let at = 0; at < RANDOM_DIGITS; at += 1) text[TIME_DIGITS + at] = CODES[random[at] ?? 0] ?? 0;
    // From one buffer: a string concatenated digit by digit would be flattened again when it is serialised.
    return text.toString('latin1');
  };
}

/** A deterministic ULID of a name. It contains no time. */
export function ulidNamed(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  const digits = digest.subarray(0, TIME_DIGITS + RANDOM_DIGITS).map((byte) => CODES[byte & 31] ?? 0);
  // 26 digits have 130 bits, two more than a ULID.
  digits[0] = CODES[(digest[0] ?? 0) & 7] ?? 0;
  return Buffer.from(digits).toString('latin1');
}

/** The first ten digits of a ULID created at a moment. @param moment milliseconds since 1970 */
export function timeDigits(moment: number): string {
  let text = '';
  for (let rest = moment; text.length < TIME_DIGITS; rest = Math.floor(rest / 32))
    text = DIGITS.charAt(rest % 32) + text;
  return text;
}

/** When a ULID was created, in milliseconds since 1970. */
export function timeOf(ulid: string): number {
  let moment = 0;
  for (const digit of ulid.slice(0, TIME_DIGITS)) moment = moment * 32 + DIGITS.indexOf(digit);
  return moment;
}

function increment(digits: Uint8Array): void {
  let at = digits.length - 1;
  while (digits[at] === 31) digits[at--] = 0;
  digits[at] = (digits[at] ?? 0) + 1;
}
