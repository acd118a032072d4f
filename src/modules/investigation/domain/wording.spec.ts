import { describe, expect, it } from '@jest/globals';
import { amount, beginning, clockTime, count, cut, duration, listed, shortened } from './wording.js';

describe('Wording', () => {
  it('formats times in UTC', () => {
    expect(clockTime(Date.UTC(2026, 0, 1, 14, 2, 59))).toBe('14:02 UTC');
    expect(clockTime(1e300)).toBe('an unknown time');
  });

  it('uses singular or plural as the number requires', () => {
    expect(count(1, 'line')).toBe('1 line');
    expect(count(41_200, 'line')).toBe('41,200 lines');
    expect(count(2, 'entity', 'entities')).toBe('2 entities');
  });

  it.each([
    [20_000, 'less than a minute'],
    [60_000, '1 minute'],
    [119 * 60_000, '119 minutes'],
    [210 * 60_000, '3.5 hours'],
    [72 * 3_600_000, '3 days'],
  ])('formats %p ms as %p', (ms, text) => {
    expect(duration(ms)).toBe(text);
    expect(duration(-ms)).toBe(text);
  });

  it.each([
    [0.031234, '0.0312'],
    [41.23, '41.2'],
    [1234.5, '1,230'],
    [2_140_000, '2,140,000'],
    [1e300, '1e+300'],
    [Number.NaN, 'no number'],
  ])('formats %p as %p', (value, text) => {
    expect(amount(value)).toBe(text);
  });

  it('joins names as in a sentence', () => {
    expect(listed([])).toBe('');
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
    expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  });

  it('shortens to one line without splitting a character', () => {
    expect(shortened('a\n\tb')).toBe('a b');
    expect(shortened('aaa😀😀', 5)).toBe('aaa…');
  });

  it('cuts between characters only', () => {
    expect([3, 4, 5, 7, 8].map((length) => beginning('aaa😀😀', length))).toEqual([
      'aaa', 'aaa', 'aaa😀', 'aaa😀😀', 'aaa😀😀',
    ]); // prettier-ignore
    expect([5, 6, 7].map((length) => cut('aaa😀😀', length))).toEqual(['aaa…', 'aaa😀…', 'aaa😀😀']);
  });
});
