import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { newTenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import type { PublicEvent } from '#kernel/events/public-events';
import { type EventSelection, PublicEventLog } from '#kernel/events/public-event-log';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentCreated } from '#modules/ingestion/events';
import { RemediationProposed } from '#modules/remediation/events';
import { append, newIncidentId } from '../notifications/log-writer.js';
import { cloneDatabase, removeDatabase, type TestDatabase } from '../support/database.js';

const MEBIBYTE = 1_048_576;
/** What a plan of 50 steps takes that are as long as they may be. */
const LARGE = 100_000;
const LIMIT = 800;

const tenantId = newTenantId();
const incidentId = newIncidentId();
const allTypes = ['incident.created', 'remediation.proposed'];
/** By the walk along the log, by type, and by incident. */
const choices: [string, EventSelection][] = [
  ['all events', { types: allTypes }],
  ['those of some types', { types: ['remediation.proposed'] }],
  ['those of an incident', { types: allTypes, incidentId }],
];

let database: TestDatabase;
let source: DataSource;
let log: PublicEventLog;
beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 2 }).initialize();
  const committed = new CommittedEvents();
  const catalogue = new EventCatalogue([IncidentCreated, RemediationProposed]);
  log = new PublicEventLog(new UnitOfWork(source, committed), new BatchWriter(source, committed), catalogue);
  const text = 'x'.repeat(LARGE);
  const one = (n: number, more: object) => ({
    type: 'remediation.proposed',
    incidentId,
    data: { n, ...more },
  });
  for (let from = 0; from < 60; from += 10) {
    const ten = Array.from({ length: 10 }, (_, n) => one(from + n, { text }));
    await append(database, tenantId, ten);
  }
  await append(
    database,
    tenantId,
    Array.from({ length: 1_000 }, (_, n) => one(60 + n, {})),
  );
  await append(database, tenantId, [one(1_060, { text: 'y'.repeat(3 * MEBIBYTE) }), one(1_061, {})]);
}, 60_000);
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});

interface Read {
  readonly bytes: number;
  readonly events: readonly PublicEvent[];
  readonly isCut: boolean;
}

async function readOn(choice: EventSelection): Promise<Read[]> {
  const pages: Read[] = [];
  for (let after = 0, isLast = false; !isLast;) {
    const page = await log.page(tenantId, choice, after, LIMIT);
    const events = page.events();
    const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
    pages.push({ bytes, events, isCut: page.cutTo !== undefined });
    if (page.cutTo !== undefined) expect(page.cutTo).toBe(events.length);
    after = page.upTo;
    isLast = page.isLast;
  }
  return pages;
}

describe('a page of the log', () => {
  it.each(choices)(
    'of %s is as large as may be and one event, and the next one goes on',
    async (_, choice) => {
      const pages = await readOn(choice);
      const places = pages.flatMap(({ events }) =>
        events.map(({ data }) => (JSON.parse(data) as { n: number }).n),
      );
      expect(places).toEqual(Array.from({ length: 1_062 }, (__, n) => n));
      const ordinary = pages.filter(({ events }) => !events.some(({ data }) => data.length > MEBIBYTE));
      for (const { bytes } of ordinary) expect(bytes).toBeLessThan(MEBIBYTE + LARGE + 1_000);
      // Ten or eleven large ones, all of the small ones, and the one that is larger than a page by itself.
      expect(pages.filter(({ isCut }) => isCut).map(({ events }) => events.length)).toEqual([
        ...Array<number>(5).fill(11),
        expect.any(Number),
      ]);
    },
  );
});
