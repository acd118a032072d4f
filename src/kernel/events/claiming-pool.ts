import pg from 'pg';
import { APPLICATION_CONNECTION, FROZEN_PEER_DETECTION } from '../persistence/data-source.js';

const HEARTBEAT_MS = 5_000;

/**
 * The one connection on which a process claims logs. A claim is a session-level advisory lock: it lasts until it is released or
 * the connection breaks, after which another process may process the same events again. So the connection is not closed while it is
 * idle, unless the process is frozen, and its users close it after a failure.
 */
export function claimingPool(url: string, name: string): pg.Pool {
  const pool = new pg.Pool({
    ...APPLICATION_CONNECTION,
    options: `${APPLICATION_CONNECTION.options} ${FROZEN_PEER_DETECTION}`,
    connectionString: url,
    max: 1,
    idleTimeoutMillis: 0,
    application_name: name,
    keepAlive: true,
  });
  const heartbeat = setInterval(() => {
    if (pool.ending) clearInterval(heartbeat);
    else pool.query('SELECT').catch(() => undefined);
  }, HEARTBEAT_MS).unref();
  // The next query reports a broken connection; without a listener the error would end the process.
  return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
}
