import { createContext, Script } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { redactText } from './redact.js';

const MEBIBYTE = 1024 * 1024;

/** Only a vm script can be interrupted: a pattern that takes time quadratic in the text would run for minutes. */
function redactedInTime(text: string): unknown {
  const context = createContext({ redact: () => redactText(text) });
  return new Script('redact()').runInContext(context, { timeout: 10_000 });
}

describe('a text that strangers have chosen', () => {
  it.each([
    'a.',
    'a-1+',
    '-eyJ',
    'eyJa.',
    '://',
    '://a:',
    '@',
    '?key=',
    '&token',
    'Bearer ',
    'Basic abcdefg ',
    'cflo_abcdef',
    'whsec_',
    '/v1/webhooks/',
    '/v1/webhooks/a/b',
  ])('is redacted in linear time: %s repeated', (part) => {
    expect(redactedInTime(part.repeat(MEBIBYTE / part.length))).toEqual(expect.any(String));
  });
});

describe('secrets', () => {
  it.each([
    ['/v1/webhooks/ten_1/generic/hunter2', '/v1/webhooks/ten_1/generic/[redacted]'],
    ['/V1/Webhooks/ten_1/%67eneric/hunter2/', '/V1/Webhooks/ten_1/%67eneric/[redacted]/'],
    ['postgres://app:hunter2@db/x', 'postgres://app:[redacted]@db/x'],
    ['nats://hunter:hun@ter2@bus', 'nats://hunter:[redacted]@bus'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln of x', 'token [redacted token] of x'],
  ])('are hidden in %s', (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it('are not seen in ports and addresses', () => {
    const text = 'http://localhost:3000/a@b and https://example.com/x:y@z';
    expect(redactText(text)).toBe(text);
  });
});
