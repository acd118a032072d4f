import { expect, it } from '@jest/globals';
import { explainDatabase } from './start-error.js';

it('passes on the advice of PostgreSQL when its disk is full, and does not suggest another DATABASE_URL', () => {
  const full = Object.assign(new Error('could not extend file "base/5/17255"'), {
    code: '53100',
    hint: 'Check free disk space.',
  });
  expect(explainDatabase(full, 'postgres://me@db/causeflow')).toMatchObject({
    name: 'StartError',
    message:
      'The database causeflow on db:5432 cannot be used as me: could not extend file "base/5/17255". Check free disk space.',
  });
});
