import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { loadConfig } from '#kernel/config/config';
import { openApiDocument } from '#kernel/http/openapi';
import { Database } from '#kernel/persistence/database';
import { createApp } from '../../src/create-app.js';
import { cloneDatabase, removeDatabase, type TestDatabase } from '../support/database.js';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

let database: TestDatabase;
let app: NestExpressApplication;

beforeAll(async () => {
  database = await cloneDatabase();
  const config = loadConfig({
    DATABASE_URL: database.url,
    ROLE: 'api',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
  app = await createApp({ config, database: new Database(database.url), extensions: [] }, silent);
  await app.init();
});
afterAll(async () => {
  const source = app.get(DataSource, { strict: false });
  await app.close();
  await source.destroy();
  await removeDatabase(database);
});

it('every route that Express answers is in the OpenAPI document, and no others are', () => {
  const express = app.getHttpAdapter().getInstance() as unknown as { router: { stack: Layer[] } };
  const routes = express.router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map(
      (method) => `${method.toUpperCase()} ${String(route?.path).replaceAll(/:(\w+)/g, '{$1}')}`,
    ),
  );
  const documented = Object.entries(openApiDocument(app).paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.length).toBeGreaterThan(50);
  expect(documented.sort()).toEqual(routes.sort());
});
