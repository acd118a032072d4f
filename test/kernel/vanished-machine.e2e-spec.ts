import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { newTenant } from '../support/api.js';
import { sql, testPostgres } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const MAX_IDLE_SECONDS = 10;
/** The kernel reports timers in USER_HZ, whatever its own tick is. */
const TICKS_PER_SECOND = 100;
/** The kind of a TCP timer that waits to send a keepalive probe. */
const KEEPALIVE = '02';

const server = new URL(testPostgres());
// PostgreSQL's keepalive timers are visible only on its own machine.
const isHere = process.platform === 'linux' && server.hostname === '127.0.0.1';
if (!isHere)
  process.stderr.write('\nPostgreSQL IS ON ANOTHER MACHINE: its keepalive probes are NOT TESTED\n');

/** The seconds until PostgreSQL sends a keepalive probe to each connection from these ports. */
function secondsToProbe(ports: readonly number[]): number[] {
  const lines = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1);
  const connections = lines.map((line) => {
    const [, local = '', remote = '', , , timer = ''] = line.trim().split(/\s+/);
    const [kind = '', left = ''] = timer.split(':');
    const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);
    return {
      local: portOf(local),
      remote: portOf(remote),
      kind,
      seconds: Number.parseInt(left, 16) / TICKS_PER_SECOND,
    };
  });
  return connections
    .filter(
      ({ local, remote, kind }) =>
        local === Number(server.port) && ports.includes(remote) && kind === KEEPALIVE,
    )
    .map(({ seconds }) => seconds);
}

(isHere ? it : it.skip)(
  'PostgreSQL soon probes a silent replica that holds claims, locks or transactions, since its machine may have vanished',
  async () => {
    const replica = await TestServer.start();
    try {
      // Gives the relay a log to claim.
      await newTenant(replica.url);
      const longest = await until('all connections are open and have a keepalive timer', async () => {
        const open = await sql<{ name: string; port: number }>(
          replica.database.url,
          `SELECT application_name AS name, client_port AS port FROM pg_stat_activity
            WHERE datname = current_database() AND application_name IN ('causeflow', 'causeflow-relay', 'causeflow-workers-alive')`,
        );
        const seen = secondsToProbe(open.map(({ port }) => port));
        const kinds = new Set(open.map(({ name }) => name));
        return kinds.size === 3 && seen.length === open.length && Math.max(...seen);
      });
      expect(longest).toBeLessThanOrEqual(MAX_IDLE_SECONDS);

      // The time-out for unacknowledged data, which /proc/net/tcp does not show in advance.
      const own = await applicationDataSource({ url: replica.database.url, poolSize: 1 }).initialize();
      const [setting] = await own.query<object[]>(`SELECT current_setting('tcp_user_timeout') AS "afterMs"`);
      await own.destroy();
      expect(setting).toEqual({ afterMs: '25000' });
    } finally {
      await replica.stop();
    }
  },
);
