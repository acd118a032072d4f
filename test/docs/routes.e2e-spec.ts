import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { cloneDatabase, removeDatabase } from '../support/database.js';
import { OpenApi } from '../support/openapi.js';
import { runToEnd } from '../support/program.js';

it('the routes of Express and of the OpenAPI document are the same', async () => {
  const database = await cloneDatabase();
  const { code, output } = await runToEnd('test/docs/list-routes.mjs', [], {
    DATABASE_URL: database.url,
    ROLE: 'api',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  await removeDatabase(database);
  expect(code).toBe(0);
  const routes = (JSON.parse(output) as [string, string][]).map(
    ([method, path]) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  const committed = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  const { operations } = new OpenApi(JSON.parse(committed) as OpenApi['document']);
  expect(routes.length).toBeGreaterThan(50);
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routes.sort());
});
