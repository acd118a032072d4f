import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { newId, newTenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { ComparePatterns } from '../../src/modules/knowledge/application/compare-patterns.js';
import { LearnPattern } from '../../src/modules/knowledge/application/learn-pattern.js';
import { patternSchema } from '../../src/modules/knowledge/infrastructure/pattern.schema.js';
import { SqlSightings } from '../../src/modules/knowledge/infrastructure/sql-sightings.js';
import { WordIndex } from '../../src/modules/knowledge/infrastructure/word-index.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { ALERT } from './resolved-incidents.js';

let database: TestDatabase;
let source: DataSource;
let comparePatterns: ComparePatterns;
let learnPattern: LearnPattern;

beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 20 }).initialize();
  const unitOfWork = new UnitOfWork(source, new CommittedEvents());
  const patterns = new AggregateStore(unitOfWork, patternSchema);
  const index = new WordIndex(unitOfWork);
  comparePatterns = new ComparePatterns(index);
  const sightings = new SqlSightings(unitOfWork);
  learnPattern = new LearnPattern(unitOfWork, patterns, index, sightings, comparePatterns);
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});

const lesson = (alert: typeof ALERT) => ({
  incidentId: newId('inc'),
  alert,
  rootCause: 'Deploy v42',
  fix: null,
});

// The relay dispatches a tenant's events one by one, but failed ones are retried concurrently, on any replica.
it('twenty similar incidents that are learned from at once make one pattern and one event', async () => {
  const tenantId = newTenantId();
  await Promise.all(
    Array.from({ length: 20 }, () => learnPattern.execute(tenantId, lesson(ALERT), new Date())),
  );
  const rows = (text: string) => sql(database.url, text, [], tenantId);
  expect(await rows('SELECT occurrences FROM patterns')).toEqual([{ occurrences: 20 }]);
  expect(await rows('SELECT count(*)::int AS n FROM pattern_sightings')).toEqual([{ n: 20 }]);
  expect(await rows('SELECT type FROM events')).toEqual([{ type: 'knowledge.pattern_extracted' }]);
});

it('an identical text is found among more patterns with the same title than are compared', async () => {
  const tenantId = newTenantId();
  const letter = (n: number) => String.fromCharCode(97 + n);
  const alerts = Array.from({ length: 220 }, (_, n) => ({
    ...ALERT,
    description: `word${letter(n % 20)}${letter(Math.floor(n / 20))}`,
  }));
  for (const alert of alerts) {
    await learnPattern.execute(tenantId, lesson(alert), new Date());
  }
  const patterns = await sql(database.url, 'SELECT FROM patterns', [], tenantId);
  expect(patterns).toHaveLength(alerts.length);
  const [oldest] = alerts;
  const matches = await comparePatterns.execute(tenantId, oldest ?? ALERT);
  expect(matches[0]).toMatchObject({ similarity: 1, pattern: { alertDescription: oldest?.description } });
});
