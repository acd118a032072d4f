import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { LogTemplates } from './log-templates.js';

describe('Log templates', () => {
  it('are equal for messages that differ only in variables', () => {
    const templates = new LogTemplates();
    const first = templates.add('connection from 10.0.0.1 closed after 12 ms');
    expect(templates.add('connection from 10.9.8.7 closed after 3 ms')).toBe(first);
    expect(first.text).toBe('connection from <IP> closed after <NUM> ms');
  });

  it('replace a varying token by <*>', () => {
    const templates = new LogTemplates();
    const first = templates.add('order for alice was shipped today');
    expect(templates.add('order for bob was shipped today')).toBe(first);
    expect(first.text).toBe('order for <*> was shipped today');
  });

  it('differ for messages of different structure', () => {
    const templates = new LogTemplates();
    expect(templates.add('cache miss')).not.toBe(templates.add('connection pool exhausted'));
  });

  it('stay bounded in memory and linear in time when every line is different', () => {
    const templates = new LogTemplates();
    const seen = new Set<unknown>();
    let state = 1;
    const word = () => ((state = (state * 48271) % 2147483647), state.toString(36).replaceAll(/\d/g, 'q'));
    inTime(() => {
      for (let i = 0; i < 20_000; i += 1) {
        seen.add(templates.add(Array.from({ length: 3 + (i % 70) }, word).join(' ')));
      }
    });
    expect(seen.size).toBeLessThan(10_000);
  });

  it('accept empty lines and lines of one token', () => {
    const templates = new LogTemplates();
    expect(templates.add('').text).toBe('');
    expect(templates.add('__proto__').text).toBe('__proto__');
  });
});
