import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import {
  constantTimeEquals,
  newApiKey,
  newOpaqueToken,
  newWebhookSecret,
  sha256Hex,
  verifyHexHmacSha256,
} from './secrets.js';

describe('new secrets', () => {
  it('have the documented format and never repeat', () => {
    expect(newApiKey()).toMatch(/^cflo_[0-9a-f]{64}$/);
    expect(newWebhookSecret()).toMatch(/^[0-9a-f]{64}$/);
    expect(newOpaqueToken()).toMatch(/^[\w-]{43}$/);
    expect(new Set(Array.from({ length: 100 }, newApiKey)).size).toBe(100);
  });
});

describe('constantTimeEquals', () => {
  it('compares texts of any length', () => {
    expect(constantTimeEquals('abc', 'abc')).toBe(true);
    expect(constantTimeEquals('abc', 'abd')).toBe(false);
    expect(constantTimeEquals('abc', 'abcd')).toBe(false);
    expect(constantTimeEquals('', '')).toBe(true);
  });
});

describe('a hex HMAC-SHA256 signature', () => {
  const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
  const signature = createHmac('sha256', 'secret').update(body).digest('hex');

  it.each([
    signature,
    signature.toUpperCase(),
    `sha256=${signature}`,
    `SHA256=${signature.toUpperCase()}`,
    ` ${signature} `,
  ])('is accepted as %s', (header) => {
    expect(verifyHexHmacSha256('secret', body, header)).toBe(true);
  });

  it('covers the exact bytes and the exact secret', () => {
    expect(verifyHexHmacSha256('secret', Buffer.concat([body, Buffer.from('\n')]), signature)).toBe(false);
    expect(verifyHexHmacSha256('Secret', body, signature)).toBe(false);
  });

  it.each([
    undefined,
    '',
    'sha256=',
    'rubbish',
    signature.slice(2),
    `${signature}00`,
    `${signature.slice(0, 63)}g`,
    '🔥'.repeat(64),
    `sha1=${signature}`,
  ])('is refused without an exception when it is %s', (header) => {
    expect(verifyHexHmacSha256('secret', body, header)).toBe(false);
  });

  it('cannot be made with an empty secret', () => {
    const header = createHmac('sha256', '').update(body).digest('hex');
    expect(verifyHexHmacSha256('', body, header)).toBe(false);
  });

  it('matches the published test vector for SHA-256', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
