import { Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import { type Chore, Daily } from '../jobs/daily.js';
import { Database } from '../persistence/database.js';
import { onOwnConnection } from '../persistence/own-connection.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

/** Makes room in the event log for the months to come, for a server that runs through them without a restart. */
@Injectable()
@Daily('ensure-event-partitions')
export class EnsureEventPartitions implements Chore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async run(): Promise<void> {
    await this.unitOfWork.lookUp('SELECT ensure_event_partitions()');
  }
}

/**
 * Lets go of months of the event log. Whole partitions, since deleting row by row would leave the storage behind, and
 * detached concurrently: that waits for transactions under way and lets new ones pass, where `DROP TABLE` would make
 * every writer stand behind it. It needs the owner and no transaction around it, hence the connection of its own.
 */
@Injectable()
export class EventPartitions {
  private readonly log = new Logger(EventPartitions.name);

  constructor(private readonly database: Database) {}

  /**
   * Drops the months that ended before a moment. Whatever stops it half way, the next call goes on from there.
   *
   * It is counted back from what a clock says, and clocks jump years ahead. What is written after that is as far from all that
   * was written before; so events go only when there are some of each month since.
   */
  async dropBefore(moment: Date): Promise<void> {
    const asOwner = { connectionString: this.database.url, application_name: 'causeflow-event-months' };
    await onOwnConnection(asOwner, async (owner) => {
      // For how long it waits for the slowest transaction; then the job fails and is tried again.
      await owner.query(`SET lock_timeout = '10min'`);
      const { rows } = await owner.query<Month>(MONTHS_BEFORE, [moment]);
      const gap = await findGap(owner, moment);
      const kept: string[] = [];
      for (const { part, state } of rows) {
        if (state === 'attached' && gap !== undefined && (await holdsEvents(owner, part))) {
          kept.push(part);
          continue;
        }
        if (state !== 'detached') {
          const how = state === 'attached' ? 'CONCURRENTLY' : 'FINALIZE';
          await owner.query(`ALTER TABLE events DETACH PARTITION ${part} ${how}`);
        }
        await owner.query(`DROP TABLE ${part}`);
        this.log.log(`Dropped ${part}, which nobody may replay any more`);
      }
      if (kept.length > 0)
        this.log.warn(`Kept ${kept.join(', ')}: no event is of ${String(gap)}, so a clock may have jumped`);
    });
  }
}

/** The first month without an event, from the last one that ended before a moment to the last one that is over. */
async function findGap(owner: pg.Client, moment: Date): Promise<string | undefined> {
  const { rows } = await owner.query<{ month: string; part: string | null }>(MONTHS_SINCE, [moment]);
  for (const { month, part } of rows) if (part === null || !(await holdsEvents(owner, part))) return month;
  return undefined;
}

async function holdsEvents(owner: pg.Client, part: string): Promise<boolean> {
  const { rowCount } = await owner.query(`SELECT FROM ${part} LIMIT 1`);
  return rowCount === 1;
}

interface Month {
  readonly part: string;
  readonly state: 'attached' | 'half detached' | 'detached';
}

const MONTHS_BEFORE = `
  SELECT c.oid::regclass::text AS part,
         CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'half detached' ELSE 'attached' END
           AS state
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = 'events'::regclass
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^events_\\d{4}_\\d\\d$'
     AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= $1
   ORDER BY c.relname`;

const MONTHS_SINCE = `
  SELECT to_char(month, 'YYYY-MM') AS month, to_regclass('public.events_' || to_char(month, 'YYYY_MM'))::text AS part
    FROM generate_series(date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC') - interval '1 month',
                         now() AT TIME ZONE 'UTC' - interval '1 month', interval '1 month') AS month`;
