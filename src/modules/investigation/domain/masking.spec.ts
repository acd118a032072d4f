import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { Mask } from './masking.js';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

describe('A mask', () => {
  const password = hex(8);
  const samples: readonly (readonly [string, string, string])[] = [
    ['email', `user ada.l+x@example.co.uk failed`, 'ada.l+x@example.co.uk'],
    ['ip', 'from 10.1.2.3:443 refused', '10.1.2.3'],
    ['ip', 'from 2001:db8:0:0:1:0:0:1 refused', '2001:db8:0:0:1:0:0:1'],
    ['password', `postgres://shop:${password}@db:5432/orders`, password],
    ['secret', `DB_PASSWORD=${password} next`, password],
    ['secret', `{"apiKey": "${password}"}`, password],
    ['token', `Authorization: Bearer ${password}`, password],
    ['key', `key cflo_${hex(32)} revoked`, 'cflo_'],
    ['key', `AKIA${hex(8).toUpperCase()}`, 'AKIA'],
    ['card', 'card 4111 1111 1111 1111 declined', '4111 1111 1111 1111'],
    ['iban', 'to DE89 3704 0044 0532 0130 00', '0532'],
    ['phone', 'call +49 170 1234567', '1234567'],
    ['ssn', 'ssn 078-05-1120', '078-05-1120'],
    ['key', `-----BEGIN RSA PRIVATE KEY-----\n${hex(40)}\n-----END RSA PRIVATE KEY-----`, 'BEGIN'],
  ];

  it.each(samples)('masks and unmasks a %s: %s', (rule, text, hidden) => {
    const mask = new Mask();
    const masked = mask.mask(text);
    expect(masked).not.toContain(hidden);
    expect(masked).toContain('[');
    expect(mask.fired).toHaveProperty(rule);
    expect(mask.unmask(masked)).toBe(text);
  });

  it('does not mask what is neither secret nor personal', () => {
    const text =
      'v1.2.3 of checkout at 2026-01-15T14:02:00.123Z took 1234567890123 ns (p99=41.2 ms), sha 7dacc6c8a3c3fe70';
    const mask = new Mask();
    expect(mask.mask(text)).toBe(text);
    expect(mask.fired).toEqual({});
  });

  it('uses one placeholder for one value in all texts of a run', () => {
    const mask = new Mask();
    expect(
      mask.maskAll({ a: ['ada@example.com'], b: { c: 'bob@example.com, ada@example.com' }, n: 1 }),
    ).toEqual({
      a: ['[email#1]'],
      b: { c: '[email#2], [email#1]' },
      n: 1,
    });
    expect(mask.fired).toEqual({ email: 3 });
  });

  it('does not unmask a planted placeholder', () => {
    const mask = new Mask();
    const text = 'the log says [email#1] and ada@example.com and [ip#99]';
    const masked = mask.mask(text);
    expect(mask.unmask(masked)).toBe(text);
    expect(mask.unmask('[email#1]')).toBe('[email#1]');
  });

  it('is not slowed down by hostile texts (ReDoS)', () => {
    for (const text of [
      'a'.repeat(200_000),
      '1 '.repeat(100_000),
      'password='.repeat(20_000),
      'a.'.repeat(100_000),
    ]) {
      const mask = new Mask();
      expect(inTime(() => mask.unmask(mask.mask(text)))).toBe(text);
    }
  });
});
