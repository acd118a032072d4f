import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { SealedText, SealedTextError, sealingKeyId } from './sealed-text.js';

const [first, second] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64')) as [string, string];
const place = 'ten_1:key_1';

describe('a sealed text', () => {
  const texts = new SealedText(first);

  it.each(['', 'whsec_abc', 'naïve 🔥', 'x'.repeat(10_000)])('decrypts to the original: %#', (text) => {
    expect(texts.open(texts.seal(text, place), place)).toBe(text);
  });

  it('contains version and key id, and differs each time', () => {
    const keyId = createHash('sha256').update(Buffer.alloc(32, 1)).digest('hex').slice(0, 8);
    const sealed = texts.seal('secret', place);
    expect(sealed).toMatch(new RegExp(`^v1\\.${keyId}\\.[\\w-]{16}\\.[\\w-]{22}\\.[\\w-]+$`));
    expect(texts.seal('secret', place)).not.toBe(sealed);
  });

  it('does not open in another row', () => {
    expect(() => texts.open(texts.seal('secret', place), 'ten_2:key_1')).toThrow(SealedTextError);
  });

  it('does not open when any part was changed', () => {
    const parts = texts.seal('a secret of some length', place).split('.');
    for (const index of parts.keys()) {
      const part = parts[index] ?? '';
      const changed = parts.with(index, (part.startsWith('A') ? 'B' : 'A') + part.slice(1)).join('.');
      expect(() => texts.open(changed, place)).toThrow(SealedTextError);
    }
    expect(() => texts.open(parts.join('.').slice(0, -4), place)).toThrow(SealedTextError);
  });

  it.each(['', 'plain', 'v2.00000000.a.b.c', 'v1....'])('is refused when it is malformed: %j', (text) => {
    expect(() => texts.open(text, place)).toThrow(SealedTextError);
  });

  it('must be bound to a context', () => {
    expect(() => texts.seal('secret', '')).toThrow(/aad is empty/);
  });
});

describe('rotating the key', () => {
  it('decrypts old texts and encrypts new ones with the new key', () => {
    const sealed = new SealedText(first).seal('secret', place);
    const rotated = new SealedText(second, [first]);
    expect(rotated.open(sealed, place)).toBe('secret');
    expect(new SealedText(second).open(rotated.seal('new', place), place)).toBe('new');
  });

  it('decrypts the newest of several, and skips texts of a lost key', () => {
    const lost = new SealedText(first).seal('old', place);
    const texts = new SealedText(second);
    const kept = texts.seal('new', place);
    expect(texts.openNewest([kept, lost, kept], place)).toEqual(['new', 'new']);
    expect(() => texts.openNewest([lost, kept], place)).toThrow(SealedTextError);
  });

  it('names the missing key in the log only', () => {
    const sealed = new SealedText(first).seal('secret', place);
    const open = () => new SealedText(second).open(sealed, place);
    expect(open).toThrow(expect.objectContaining({ code: 'service_unavailable', retryAfter: 60 }));
    expect(open).toThrow(/^A stored secret cannot be decrypted: [^0-9]+$/);
    expect(open).toThrow(
      expect.objectContaining({
        cause: new Error(
          `The text was sealed with key ${sealingKeyId(first)}, which is not configured; add it to ENCRYPTION_KEYS_OLD.`,
        ),
      }),
    );
  });
});
