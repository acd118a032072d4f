import { describe, expect, it } from '@jest/globals';
import { inTime } from './in-time.fixture.js';
import { maskVariables } from './mask-variables.js';

describe('Masking', () => {
  it.each([
    ['user 42 paid 12.50', 'user <NUM> paid <NUM>'],
    ['from 10.1.2.3:8080 refused', 'from <IP> refused'],
    ['id 550e8400-e29b-41d4-a716-446655440000', 'id <UUID>'],
    ['commit d9f3a21bc4 at 0xFF', 'commit <HEX> at <HEX>'],
    ['open /var/log/app.log failed', 'open <PATH> failed'],
    ['2026-04-14T10:15:03Z took 15ms', '<TIME> took <NUM>ms'],
    ['deadbeef is a word and so is facade', 'deadbeef is a word and so is facade'],
    ['http2 and utf8 keep their digits', 'http2 and utf8 keep their digits'],
    ['p99 of web12 above p50', 'p99 of web12 above p50'],
    ['user4711 asked for order_23 and order_1023', 'user<NUM> asked for order_23 and order_<NUM>'],
  ])('turns %p into %p', (text, masked) => {
    expect(maskVariables(text)).toBe(masked);
  });

  it.each(['a', '1', 'z1', '1.', '/', '/a', 'f0', '1,'])('is linear on very many of %p', (piece) => {
    const text = piece.repeat(400_000);
    expect(inTime(() => maskVariables(text)).length).toBeLessThanOrEqual(4 * text.length);
  });
});
