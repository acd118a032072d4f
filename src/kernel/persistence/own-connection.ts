import pg from 'pg';
import { SESSION } from './data-source.js';

/**
 * Opens a connection outside the pool for `work` and closes it afterwards. If it breaks, its next query fails; without an error
 * listener the process would end.
 */
export async function onOwnConnection<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, options: SESSION, ...config });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
