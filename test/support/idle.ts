import { sql, type TestDatabase } from './database.js';
import { until } from './until.js';

/**
 * Waits until nothing more is appended to a tenant's log: every event is handled, and no job runs or is to run soon, not even one that
 * failed and is repeated.
 */
export async function untilIdle({ url }: TestDatabase, tenantId: string): Promise<void> {
  await until(`the log of ${tenantId} is idle`, async () => {
    const [row] = await sql<{ idle: boolean }>(
      url,
      `SELECT (SELECT seq = relayed FROM event_stream WHERE tenant_id = $1)
          AND NOT EXISTS (SELECT FROM graphile_worker.jobs WHERE run_at <= now() + interval '10 minutes') AS idle`,
      [tenantId],
      tenantId,
    );
    return row?.idle;
  });
}
