import { describe, expect, it } from '@jest/globals';
import { asDatabaseError, DatabaseDownError } from './database-errors.js';

const withCode = (code: string): Error => Object.assign(new Error('refused'), { code });

describe('an error of PostgreSQL, or on the way to it', () => {
  it.each([
    ['a connection that broke', withCode('ECONNRESET')],
    ['a name that cannot be looked up', withCode('ENOTFOUND')],
    ['a server that shuts down', withCode('57P01')],
    ['a disk that is full', withCode('53100')],
    ['a statement that took too long', withCode('57014')],
    ['a standby after a failover', withCode('25006')],
    ['a password that was changed', withCode('28P01')],
    ['a race that was lost', withCode('40P01')],
    ['what the mapper wraps', Object.assign(new Error('failed'), { driverError: withCode('57P01') })],
    [
      'a plan whose schema has changed',
      Object.assign(withCode('0A000'), { routine: 'RevalidateCachedQuery' }),
    ],
    ['a machine that has vanished', new Error('Query read timeout')],
    [
      'a connection that broke before the statement was sent',
      new Error('Client has encountered a connection error and is not queryable'),
    ],
    ['a connection that was closed', new Error('Client was closed and is not queryable')],
    ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
  ])('is reported as a temporary outage: %s', (_, error) => {
    const reported = asDatabaseError(error);
    expect(reported).toBeInstanceOf(DatabaseDownError);
    expect(reported).toHaveProperty('cause', error);
    expect(asDatabaseError(reported)).toBe(reported);
  });

  it.each([
    ['a key that is there already', withCode('23505')],
    ['a mistake of ours', withCode('42601')],
    ['what PostgreSQL cannot do', Object.assign(withCode('0A000'), { routine: 'ExecInitNode' })],
    ['what has no code', new Error('no')],
  ])('is left as it is: %s', (_, error) => {
    expect(asDatabaseError(error)).toBe(error);
  });
});
