import { dropDatabase } from './database.js';

export default async function globalTeardown(): Promise<void> {
  await dropDatabase(process.env['TEST_SERVER_URL'] ?? '', process.env['TEST_TEMPLATE'] ?? '');
  const { stopTestPostgres } = globalThis as { stopTestPostgres?: () => Promise<void> };
  await stopTestPostgres?.();
}
