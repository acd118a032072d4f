import pg from 'pg';
import { APPLICATION_CONNECTION } from '../persistence/data-source.js';
import type { Database } from '../persistence/database.js';

/**
 * The one connection on which a process claims logs. A claim is a session-level advisory lock: it lasts until it is released or
 * the connection breaks, after which another process may process the same events again. So the connection is not closed while it is
 * idle, unless the process is frozen, and its users close it after a failure.
 */
export function claimingPool(database: Database, name: string): pg.Pool {
  const pool = new pg.Pool({
    ...APPLICATION_CONNECTION,
    options: `${APPLICATION_CONNECTION.options} ${database.frozenPeerDetection}`,
    connectionString: database.url,
    max: 1,
    idleTimeoutMillis: 0,
    application_name: name,
    keepAlive: true,
  });
  const heartbeat = setInterval(() => {
    if (pool.ending) clearInterval(heartbeat);
    else pool.query('SELECT').catch(() => undefined);
  }, database.heartbeatMs).unref();
  // The next query reports a broken connection; without a listener the error would end the process.
  return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
}
