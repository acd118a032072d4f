import { expect, it } from '@jest/globals';
import { alertmanager } from './alertmanager.js';

it('requires the configured login of a tool that cannot sign', () => {
  const shows = (credentials: object, authorization?: string) =>
    alertmanager.webhooks?.verify(
      { config: {}, credentials },
      { headers: { authorization }, raw: Buffer.alloc(0) },
      new Date(0),
    );
  expect(shows({})).toBeUndefined();
  expect(shows({ bearerToken: 'abc' }, 'Bearer abc')).toBe(true);
  expect(shows({ username: 'ada', password: 'b' }, 'Basic YWRhOmI=')).toBe(true);
  expect(shows({ bearerToken: 'abc' }, 'Bearer abd')).toBe(false);
  expect(shows({ bearerToken: 'abc' })).toBe(false);
});
