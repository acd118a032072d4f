import { createHmac, timingSafeEqual } from 'node:crypto';
import { constantTimeEquals } from '#kernel/crypto/secrets';
import type { Delivery } from '../../api.js';

interface HexSignature {
  readonly header: string;
  readonly prefix?: string;
  readonly algorithm?: 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** What was signed, when it is more than the body. */
  readonly before?: string;
}

/** An HMAC over the raw bytes in hex; a list with commas, as while secrets are rotated, holds when one of it does. */
export function signedInHex(secret: string, { headers, raw }: Delivery, signature: HexSignature): boolean {
  const { header, prefix = '', algorithm = 'sha256', before = '' } = signature;
  const expected = createHmac(algorithm, secret).update(before).update(raw).digest();
  const given = headers[header];
  if (typeof given !== 'string' || secret === '') return false;
  return given.split(',').some((one) => {
    const [start, hex] = [one.trim().slice(0, prefix.length), one.trim().slice(prefix.length)];
    const bytes = /^[0-9a-f]*$/i.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(0);
    return start === prefix && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

/** The secret itself, in a header. */
export function secretInHeader(header: string): (secret: string, delivery: Delivery) => boolean {
  return (secret, { headers }) => secret !== '' && constantTimeEquals(String(headers[header] ?? ''), secret);
}
