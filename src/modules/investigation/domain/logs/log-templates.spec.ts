import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { LogTemplates } from './log-templates.js';

describe('Log templates', () => {
  it('give messages that differ in their variables one template', () => {
    const templates = new LogTemplates();
    const first = templates.add('connection from 10.0.0.1 closed after 12 ms');
    expect(templates.add('connection from 10.9.8.7 closed after 3 ms')).toBe(first);
    expect(first.text).toBe('connection from <IP> closed after <NUM> ms');
  });

  it('replace a word that varies by <*>', () => {
    const templates = new LogTemplates();
    const first = templates.add('order for alice was shipped today');
    expect(templates.add('order for bob was shipped today')).toBe(first);
    expect(first.text).toBe('order for <*> was shipped today');
  });

  it('keep messages of different shape apart', () => {
    const templates = new LogTemplates();
    expect(templates.add('cache miss')).not.toBe(templates.add('connection pool exhausted'));
  });

  it('stay bounded and linear when every line is different', () => {
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

  it('take empty lines and lines of one word', () => {
    const templates = new LogTemplates();
    expect(templates.add('').text).toBe('');
    expect(templates.add('__proto__').text).toBe('__proto__');
  });
});
