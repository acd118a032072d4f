import pg from 'pg';

/**
 * Lends a connection beside the pool for a piece of work. One that breaks is told by whatever is asked of it; without a
 * listener it would end the process.
 */
export async function onOwnConnection<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
