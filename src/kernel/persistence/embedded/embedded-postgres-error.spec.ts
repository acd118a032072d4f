import { expect, it } from '@jest/globals';
import { explainFailure } from './embedded-postgres-error.js';

it.each([
  [
    'FATAL:  could not write lock file "postmaster.pid": No space left on device',
    'The disk is full: make room.',
  ],
  ['HINT:  Check free disk space.\nPANIC:  cannot abort transaction 1', 'The disk is full: make room.'],
  ['2026-01-01 FATAL:  something new\nshut down', '2026-01-01 FATAL:  something new'],
  // Its log lies on the same disk.
  ['', 'It printed no message: check whether its disk is full.'],
])('the output of a PostgreSQL that did not start, %j, becomes advice', (output, advice) => {
  expect(explainFailure('It did not start', output).message).toMatch(
    `It did not start. ${advice} Or set DATABASE_URL`,
  );
});
