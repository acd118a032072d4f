import pg from 'pg';
import { APPLICATION_CONNECTION } from '../persistence/data-source.js';

/**
 * The one connection on which a process claims logs. A claim is the session's: it lasts until it is let go of, or the
 * connection breaks, whereupon another process may hand the same events on once more. So it is never closed for being idle,
 * and whatever fails on it is to close it.
 */
export function claimingPool(url: string, name: string): pg.Pool {
  const pool = new pg.Pool({
    ...APPLICATION_CONNECTION,
    connectionString: url,
    max: 1,
    idleTimeoutMillis: 0,
    application_name: name,
    keepAlive: true,
  });
  // One that breaks is told by whatever is asked of it; without a listener it would end the process.
  return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
}
