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
/** The size of a plan with 50 steps of maximum length. */
const LARGE = 100_000;
const LIMIT = 800;

const tenantId = newTenantId();
const incidentId = newIncidentId();
const allTypes = ['incident.created', 'remediation.proposed'];
/** Read by a range scan, by type, and by incident. */
const selections: [string, EventSelection][] = [
  ['all events', { types: allTypes }],
  ['events of some types', { types: ['remediation.proposed'] }],
  ['events of an incident', { types: allTypes, incidentId }],
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
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});

interface Read {
  readonly bytes: number;
  readonly events: readonly PublicEvent[];
  readonly isCut: boolean;
}

async function readAll(selection: EventSelection): Promise<Read[]> {
  const pages: Read[] = [];
  for (let after = 0, isLast = false; !isLast;) {
    const page = await log.page(tenantId, selection, after, LIMIT);
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
  it.each(selections)(
    'of %s ends with the event that reaches the size limit, and the next page continues',
    async (_, selection) => {
      const pages = await readAll(selection);
      const order = pages.flatMap(({ events }) =>
        events.map(({ data }) => (JSON.parse(data) as { n: number }).n),
      );
      expect(order).toEqual(Array.from({ length: 1_062 }, (__, n) => n));
      const ordinary = pages.filter(({ events }) => !events.some(({ data }) => data.length > MEBIBYTE));
      for (const { bytes } of ordinary) expect(bytes).toBeLessThan(MEBIBYTE + LARGE + 1_000);
      // Eleven large events a page, then the small ones, then the event that alone exceeds the limit.
      expect(pages.filter(({ isCut }) => isCut).map(({ events }) => events.length)).toEqual([
        ...Array<number>(5).fill(11),
        expect.any(Number),
      ]);
    },
  );
});
