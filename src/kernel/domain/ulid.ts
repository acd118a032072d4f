import { createHash, randomFillSync } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODES = Buffer.from(DIGITS, 'latin1');
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;
/** So many random parts are asked of the system at a time: asking is dear, and how much hardly matters. */
const STOCK = 256;

/**
 * Makes ULIDs that sort by the order of their making. Within one millisecond the random part of the last one is counted up,
 * as the specification has it; a clock that goes back does not take them back with it.
 * @param now milliseconds since 1970
 */
export function ulidFactory(now: () => number): () => string {
  const stock = new Uint8Array(STOCK * RANDOM_DIGITS);
  const random = new Uint8Array(RANDOM_DIGITS);
  let used = stock.length;
  const text = Buffer.alloc(TIME_DIGITS + RANDOM_DIGITS);
  let madeAt = -1;
  return () => {
    const moment = now();
    if (moment > madeAt) {
      madeAt = moment;
      text.write(timeDigits(moment), 'latin1');
      if (used === stock.length) {
        randomFillSync(stock);
        used = 0;
      }
      for (let at = 0; at < RANDOM_DIGITS; at += 1) random[at] = (stock[used++] ?? 0) & 31;
      // Room to count up: a carry out of the first digit would be in nobody's way.
      random[0] = (random[0] ?? 0) & 15;
    } else countUp(random);
    for (let at = 0; at < RANDOM_DIGITS; at += 1) text[TIME_DIGITS + at] = CODES[random[at] ?? 0] ?? 0;
    // In one piece: a string grown digit by digit is put together anew by whoever writes it out.
    return text.toString('latin1');
  };
}

/** The same for the same name. It tells no time. */
export function ulidNamed(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  const digits = digest.subarray(0, TIME_DIGITS + RANDOM_DIGITS).map((byte) => CODES[byte & 31] ?? 0);
  // All 26 digits hold two bits more than a ULID has.
  digits[0] = CODES[(digest[0] ?? 0) & 7] ?? 0;
  return Buffer.from(digits).toString('latin1');
}

/** How a ULID made at a moment begins. @param moment milliseconds since 1970 */
export function timeDigits(moment: number): string {
  let text = '';
  for (let rest = moment; text.length < TIME_DIGITS; rest = Math.floor(rest / 32))
    text = DIGITS.charAt(rest % 32) + text;
  return text;
}

/** When a ULID was made, in milliseconds since 1970. */
export function timeOf(ulid: string): number {
  let moment = 0;
  for (const digit of ulid.slice(0, TIME_DIGITS)) moment = moment * 32 + DIGITS.indexOf(digit);
  return moment;
}

function countUp(digits: Uint8Array): void {
  let at = digits.length - 1;
  while (digits[at] === 31) digits[at--] = 0;
  digits[at] = (digits[at] ?? 0) + 1;
}
