import { Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import { type Chore, Daily } from '../jobs/daily.js';
import { Database } from '../persistence/database.js';
import { onOwnConnection } from '../persistence/own-connection.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

/** Creates the partitions of the coming months, for a server that runs for months without a restart. */
@Injectable()
@Daily('ensure-event-partitions')
export class EnsureEventPartitions implements Chore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async run(): Promise<void> {
    await this.unitOfWork.lookUp('SELECT ensure_event_partitions()');
  }
}

/**
 * Drops old monthly partitions of the event log. Deleting row by row would not give the storage back. They are detached
 * concurrently, which waits for running transactions and does not block new ones, whereas `DROP TABLE` of an attached partition
 * would block every writer. That needs the owner's role and no surrounding transaction, hence a connection of its own.
 */
@Injectable()
export class EventPartitions {
  private readonly log = new Logger(EventPartitions.name);

  constructor(private readonly database: Database) {}

  /**
   * Drops the months that ended before a date. If it is interrupted, the next call continues.
   *
   * The date is computed from a clock, which may jump years ahead. Then there is a gap between the events written before and
   * after the jump; so a partition that holds events is dropped only when every month since has events.
   */
  async dropBefore(date: Date): Promise<void> {
    const asOwner = { connectionString: this.database.url, application_name: 'causeflow-event-months' };
    await onOwnConnection(asOwner, async (owner) => {
      // It waits this long for the slowest transaction; then the job fails and is retried.
      await owner.query(`SET lock_timeout = '10min'`);
      const { rows } = await owner.query<Partition>(MONTHS_BEFORE, [date]);
      const gap = await findGap(owner, date);
      const kept: string[] = [];
      for (const { name, state } of rows) {
        if (state === 'attached' && gap !== undefined && (await hasEvents(owner, name))) {
          kept.push(name);
          continue;
        }
        await detach(owner, { name, state });
        await owner.query(`DROP TABLE ${name}`);
        this.log.log(`Dropped ${name}, which is past the retention of every tenant`);
      }
      if (kept.length > 0)
        this.log.warn(
          `Kept ${kept.join(', ')}: there are no events of ${String(gap)}, so a clock may have jumped`,
        );
    });
  }
}

interface Partition {
  readonly name: string;
  readonly state: 'attached' | 'half detached' | 'detached';
}

async function detach(owner: pg.Client, { name, state }: Partition): Promise<void> {
  if (state === 'detached') return;
  const mode = state === 'attached' ? 'CONCURRENTLY' : 'FINALIZE';
  await owner.query(`ALTER TABLE events DETACH PARTITION ${name} ${mode}`);
}

/** The first month without an event, from the last month that ended before a date to last month. */
async function findGap(owner: pg.Client, date: Date): Promise<string | undefined> {
  const { rows } = await owner.query<{ month: string; name: string | null }>(MONTHS_SINCE, [date]);
  for (const { month, name } of rows) if (name === null || !(await hasEvents(owner, name))) return month;
  return undefined;
}

async function hasEvents(owner: pg.Client, partition: string): Promise<boolean> {
  const { rowCount } = await owner.query(`SELECT FROM ${partition} LIMIT 1`);
  return rowCount === 1;
}

const MONTHS_BEFORE = `
  SELECT c.oid::regclass::text AS name,
         CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'half detached' ELSE 'attached' END
           AS state
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = 'events'::regclass
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^events_\\d{4}_\\d\\d$'
     AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= $1
   ORDER BY c.relname`;

const MONTHS_SINCE = `
  SELECT to_char(month, 'YYYY-MM') AS month, to_regclass('public.events_' || to_char(month, 'YYYY_MM'))::text AS name
    FROM generate_series(date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC') - interval '1 month',
                         now() AT TIME ZONE 'UTC' - interval '1 month', interval '1 month') AS month`;
