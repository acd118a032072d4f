import pg from 'pg';
import { cpuSeconds, postgresSeconds } from './footprint.mjs';
import { IdleWatch, yardstick } from './machine.mjs';

/** What an alert costs, and what the machine has left: whether it was slower at some time, or what ran on it dearer. */
export async function watchCosts(product, worker) {
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  const idle = new IdleWatch();
  const spent = async () => {
    const { rows } = await client.query(
      'SELECT wal_bytes::float8 / 1024 AS "log, KiB", wal_fpi::float8 AS "page images" FROM pg_stat_wal',
    );
    return {
      'CPU an alert, µs': cpuSeconds(product.pid) * 1e6,
      'worker, µs': cpuSeconds(worker.pid) * 1e6,
      'PostgreSQL, µs': postgresSeconds(client.processID) * 1e6,
      ...rows[0],
    };
  };
  let last = await spent();
  return {
    async look(requests) {
      const now = await spent();
      const each = Object.keys(now).map((what) => [what, (now[what] - last[what]) / requests]);
      last = now;
      return { ...Object.fromEntries(each), 'idle, %': idle.look(), 'yardstick, ms': yardstick() };
    },
    end: () => client.end(),
  };
}
