import { describe, expect, it } from '@jest/globals';
import { lenientText } from './lenient-text.js';

describe('lenientText', () => {
  it('keeps a short text unchanged', () => {
    expect(lenientText('naïve 🔥 日本', 10)).toBe('naïve 🔥 日本');
    expect(lenientText('🔥🔥', 2)).toBe('🔥🔥');
    expect(lenientText('', 5)).toBe('');
  });

  it('replaces NUL and lone surrogates, and keeps pairs', () => {
    expect(lenientText('a\0b\ud83dc\udd25d🔥', 20)).toBe('a\uFFFDb\uFFFDc\uFFFDd🔥');
  });

  it('cuts between code points and marks the cut', () => {
    expect(lenientText('abcdef', 4)).toBe('abc…');
    expect(lenientText('🔥🔥🔥🔥', 3)).toBe('🔥🔥…');
    expect(lenientText('x'.repeat(1_000_000), 500)).toHaveLength(500);
  });
});
