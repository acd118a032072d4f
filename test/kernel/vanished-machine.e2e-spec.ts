import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { newTenant } from '../support/api.js';
import { sql, testPostgres } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const LONGEST_SILENCE_SECONDS = 10;
/** In these the kernel tells of its clocks, whatever its own is. */
const TICKS_A_SECOND = 100;
/** Of what the kernel waits for on a connection: that it is time to ask whether the other side is there. */
const KEEPALIVE = '02';

const server = new URL(testPostgres());
// Only there can be seen when PostgreSQL will ask.
const isHere = process.platform === 'linux' && server.hostname === '127.0.0.1';
if (!isHere)
  process.stderr.write('\nPostgreSQL IS ON ANOTHER MACHINE: that it misses a replica soon is NOT TESTED\n');

/** For how many seconds PostgreSQL will go without a word of each that connects from these ports, before it asks. */
function silences(ports: readonly number[]): number[] {
  const lines = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1);
  const connections = lines.map((line) => {
    const [, near = '', far = '', , , clock = ''] = line.trim().split(/\s+/);
    const [kind = '', left = ''] = clock.split(':');
    const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);
    return {
      near: portOf(near),
      far: portOf(far),
      kind,
      seconds: Number.parseInt(left, 16) / TICKS_A_SECOND,
    };
  });
  return connections
    .filter(
      ({ near, far, kind }) => near === Number(server.port) && ports.includes(far) && kind === KEEPALIVE,
    )
    .map(({ seconds }) => seconds);
}

(isHere ? it : it.skip)(
  'PostgreSQL soon asks whether a replica is there that holds claims, locks or transactions, as its machine may have vanished',
  async () => {
    const replica = await TestServer.start();
    try {
      // So that there is something to claim.
      await newTenant(replica.url);
      const silence = await until('all is open, and the kernel tells of it', async () => {
        const open = await sql<{ name: string; port: number }>(
          replica.database.url,
          `SELECT application_name AS name, client_port AS port FROM pg_stat_activity
            WHERE datname = current_database() AND application_name IN ('causeflow', 'causeflow-relay', 'causeflow-workers-alive')`,
        );
        const seen = silences(open.map(({ port }) => port));
        const kinds = new Set(open.map(({ name }) => name));
        return kinds.size === 3 && seen.length === open.length && Math.max(...seen);
      });
      expect(silence).toBeLessThanOrEqual(LONGEST_SILENCE_SECONDS);

      // The same where an answer was under way, of which the kernel tells nothing beforehand.
      const own = await applicationDataSource({ url: replica.database.url, poolSize: 1 }).initialize();
      const [kernel] = await own.query<object[]>(`SELECT current_setting('tcp_user_timeout') AS "afterMs"`);
      await own.destroy();
      expect(kernel).toEqual({ afterMs: '25000' });
    } finally {
      await replica.stop();
    }
  },
);
