import pg from 'pg';
import { cpuSeconds, postgresCpuSeconds } from './footprint.mjs';
import { DiskMeter, IdleMeter, yardstick } from './machine.mjs';

/** Measures the cost of an alert beside the state of the machine, to distinguish a dearer alert from a slower machine. */
export async function openCostMeter(product, worker) {
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  const idle = new IdleMeter();
  const disk = await DiskMeter.open();
  const totals = async () => {
    const { rows } = await client.query(
      'SELECT wal_bytes::float8 / 1024 AS "log, KiB", wal_fpi::float8 AS "page images" FROM pg_stat_wal',
    );
    return {
      'CPU an alert, µs': cpuSeconds(product.pid) * 1e6,
      'worker, µs': cpuSeconds(worker.pid) * 1e6,
      'PostgreSQL, µs': postgresCpuSeconds(client.processID) * 1e6,
      ...rows[0],
    };
  };
  let last = await totals();
  return {
    /** @param requests since the last reading */
    async read(requests) {
      const now = await totals();
      const perAlert = Object.keys(now).map((name) => [name, (now[name] - last[name]) / requests]);
      last = now;
      return {
        ...Object.fromEntries(perAlert),
        'idle, %': idle.read() * 100,
        'yardstick, ms': yardstick(),
        ...(await disk.read()),
      };
    },
    end: () => Promise.all([client.end(), disk.close()]),
  };
}
