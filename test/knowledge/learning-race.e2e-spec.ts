import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { loadConfig } from '#kernel/config/config';
import { newId, newTenantId } from '#kernel/domain/ids';
import { Database } from '#kernel/persistence/database';
import { createApp } from '../../src/create-app.js';
import { LearnPattern } from '../../src/modules/knowledge/application/learn-pattern.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TROUBLE } from './resolved-incidents.js';

let database: TestDatabase;
let app: NestExpressApplication;

beforeAll(async () => {
  database = await cloneDatabase();
  const config = loadConfig({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '20',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
  app = await createApp({ config, database: new Database(database.url), extensions: [] }, silent);
});
afterAll(async () => {
  await app.get(DataSource, { strict: false }).destroy();
  await removeDatabase(database);
});

// The relay hands a tenant's events over one by one, but what failed once comes again beside it, on any replica.
it('twenty incidents of one kind that are learned from at once make one pattern and one event', async () => {
  const learnPattern = app.get(LearnPattern, { strict: false });
  const tenantId = newTenantId();
  const lesson = () => ({ incidentId: newId('inc'), alert: TROUBLE, rootCause: 'Deploy v42', fix: null });
  await Promise.all(Array.from({ length: 20 }, () => learnPattern.execute(tenantId, lesson(), new Date())));
  const rows = (text: string) => sql(database.url, text, [], tenantId);
  expect(await rows('SELECT occurrences FROM patterns')).toEqual([{ occurrences: 20 }]);
  expect(await rows('SELECT count(*)::int AS n FROM pattern_sightings')).toEqual([{ n: 20 }]);
  expect(await rows('SELECT type FROM events')).toEqual([{ type: 'knowledge.pattern_extracted' }]);
});
