import { describe, expect, it } from '@jest/globals';
import { LogTemplates } from './log-templates.js';
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
  ])('turns %p into %p', (text, masked) => {
    expect(maskVariables(text)).toBe(masked);
  });

  it('is linear on a text made to be slow', () => {
    const texts = [
      'a'.repeat(4096),
      '1.'.repeat(2048),
      '/'.repeat(4096),
      '/a'.repeat(2048),
      'f0'.repeat(2048),
      '1,'.repeat(2048),
    ];
    for (const text of texts) for (let i = 0; i < 50; i += 1) maskVariables(text);
  }, 2000);
});

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
    for (let i = 0; i < 20_000; i += 1) {
      seen.add(templates.add(Array.from({ length: 3 + (i % 70) }, word).join(' ')));
    }
    expect(seen.size).toBeLessThan(10_000);
  }, 10_000);

  it('take empty lines and lines of one word', () => {
    const templates = new LogTemplates();
    expect(templates.add('').text).toBe('');
    expect(templates.add('__proto__').text).toBe('__proto__');
  });
});
