import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newId } from '#kernel/domain/ids';
import { EventPartitions } from '#kernel/events/event-partitions';
import { Database } from '#kernel/persistence/database';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let tenant: TenantUser;
const look = <R extends object>(text: string, parameters: unknown[] = []): Promise<R[]> =>
  sql<R>(server.database.url, text, parameters, tenant.tenantId);
const runs = (chore: string): Promise<unknown> => look('SELECT graphile_worker.add_job($1)', [chore]);
/** A condition on `pg_locks`, which has the locks of the other tests too, on tables with the same oid. */
const lockOf = (table: string): string =>
  `relation = 'graphile_worker.${table}'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

describe('once a day', () => {
  it('each chore is scheduled', async () => {
    const known = await until('the schedule is stored', async () => {
      const rows = await look<{ identifier: string }>(
        'SELECT identifier FROM graphile_worker._private_known_crontabs',
      );
      return rows.length > 0 && rows;
    });
    expect(known.map(({ identifier }) => identifier)).toEqual(
      expect.arrayContaining(['drop-old-events', 'ensure-event-partitions', 'purge-expired']),
    );
  });

  it('expired rows are deleted, and no others', async () => {
    const { tenantId } = tenant;
    await look(
      `INSERT INTO alert_history (tenant_id, kind, hours, last_day)
       SELECT $1, 'of day ' || n, '{}', now() - interval '5 days' * n - interval '2 days' FROM generate_series(1, 40) AS n`,
      [tenantId],
    );
    await tenant.api.post(
      '/v1/incidents',
      { title: 'x', description: 'y' },
      { headers: { 'idempotency-key': 'k' } },
    );
    await look(
      `INSERT INTO idempotent_requests (tenant_id, route, key, body_hash, created_at) VALUES ($1, 'r', 'old', 'x', now() - interval '25 hours')`,
      [tenantId],
    );
    const { email, password } = tenant;
    const { body } = await new Api(server.url).post<{ refreshToken: string }>('/v1/auth/login', {
      email,
      password,
    });
    await look(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE session_id <> $1`, [
      body.refreshToken.split('.')[1],
    ]);
    await runs('purge-expired');
    await until('the old ones are gone', async () => {
      const [left] = await look<{ count: string }>(
        `SELECT count(*) FROM alert_history WHERE kind LIKE 'of day %'`,
      );
      return left?.count === '17';
    });
    expect(await look(`SELECT key FROM idempotent_requests`)).toEqual([{ key: 'k' }]);
    expect(await look(`SELECT session_id FROM sessions`)).toEqual([
      { session_id: body.refreshToken.split('.')[1] },
    ]);
  });

  it('queues without jobs are deleted, and those with one are not', async () => {
    await look(`SELECT graphile_worker.add_job('purge-expired', queue_name := 'idle')`);
    await look(
      `SELECT graphile_worker.add_job('purge-expired', queue_name := 'busy', run_at := now() + interval '1 day')`,
    );
    const queues = async (): Promise<string[]> =>
      (
        await look<{ name: string }>(
          `SELECT queue_name AS name FROM graphile_worker._private_job_queues ORDER BY 1`,
        )
      ).map(({ name }) => name);
    await until('the job is done', async () => {
      const jobs = await look(`SELECT FROM graphile_worker.jobs WHERE queue_name = 'idle'`);
      return jobs.length === 0;
    });
    expect(await queues()).toEqual(['busy', 'idle']);
    await runs('forget-idle-queues');
    await until('the idle one is gone', async () => (await queues()).length === 1);
    expect(await queues()).toEqual(['busy']);
  });

  it('a queue whose first job is not committed yet is kept, and the job runs', async () => {
    const due = (): Promise<unknown[]> =>
      look(`SELECT FROM graphile_worker.jobs WHERE task_identifier = 'purge-expired' AND run_at <= now()`);
    const addJob = `SELECT graphile_worker.add_job('purge-expired', queue_name := 'taken')`;
    await look(addJob);
    await until('the first job is done', async () => (await due()).length === 0);
    const writer = new pg.Client({ connectionString: server.database.url });
    await writer.connect();
    try {
      await writer.query('BEGIN');
      await writer.query(addJob);
      await runs('forget-idle-queues');
      await until('the chore is at it', async () => {
        // It waits for a moment only, then it fails and is repeated.
        const waiting = `SELECT FROM pg_locks WHERE NOT granted AND ${lockOf('_private_job_queues')}
             UNION ALL SELECT FROM graphile_worker.jobs WHERE task_identifier = 'forget-idle-queues' AND last_error IS NOT NULL`;
        const taken = `SELECT FROM graphile_worker._private_job_queues WHERE queue_name = 'taken'`;
        return (await look(waiting)).length > 0 || (await look(taken)).length === 0;
      });
      await writer.query('COMMIT');
      await until('the second job is done', async () => (await due()).length === 0);
    } finally {
      await writer.end();
    }
  });

  it('a job that is added while its queue is being deleted gets a queue', async () => {
    const addJob = (moment: string): string =>
      `SELECT job_queue_id AS queue FROM graphile_worker.add_job('purge-expired', queue_name := 'raced', run_at := ${moment})`;
    await look(addJob('now()'));
    await until('its first job is done', async () => {
      const jobs = await look(`SELECT FROM graphile_worker.jobs WHERE queue_name = 'raced'`);
      return jobs.length === 0;
    });
    const writer = new pg.Client({ connectionString: server.database.url });
    await writer.connect();
    const { rows } = await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    // The chore holds its locks, and deletes nothing before the writer waits for them.
    await look(
      `CREATE FUNCTION let_the_writer_come() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = ${rows[0]?.pid ?? 0}) LOOP
           PERFORM pg_sleep(0.01);
         END LOOP;
         RETURN NULL;
       END $$;
       CREATE TRIGGER let_the_writer_come BEFORE DELETE ON graphile_worker._private_job_queues
         FOR EACH STATEMENT EXECUTE FUNCTION let_the_writer_come()`,
    );
    try {
      await runs('forget-idle-queues');
      await until('the chore is at it', async () => {
        const locked = `SELECT FROM pg_locks WHERE granted AND mode = 'ShareLock' AND ${lockOf('_private_jobs')}`;
        return (await look(locked)).length > 0;
      });
      const { rows: added } = await writer.query<{ queue: number | null }>(
        addJob(`now() + interval '1 day'`),
      );
      expect(added).toEqual([{ queue: expect.any(Number) }]);
      expect(
        await look(`SELECT FROM graphile_worker._private_job_queues WHERE id = $1`, [added[0]?.queue]),
      ).toHaveLength(1);
    } finally {
      await writer.end();
      await look('DROP FUNCTION let_the_writer_come() CASCADE');
    }
  });

  it('partitions of events past every retention are dropped', async () => {
    const month = (partition: string): Promise<unknown[]> =>
      look(`SELECT FROM pg_class WHERE relname = $1`, [partition]);
    await look(
      `CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')`,
    );
    const [{ name: young } = { name: '' }] = await look<{ name: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC' - interval '1 month', '"events_"YYYY_MM') AS name`,
    );
    expect([(await month('events_2020_01')).length, (await month(young)).length]).toEqual([1, 1]);
    await runs('drop-old-events');
    await until('the old month is gone', async () => (await month('events_2020_01')).length === 0);
    expect(await month(young)).toHaveLength(1);
  });

  describe('when the clock is past the retention of every event', () => {
    const write = async (monthsAgo: number): Promise<void> => {
      await look(`SELECT make_event_month(now() - make_interval(months => $1))`, [monthsAgo]);
      await look(
        `INSERT INTO events (tenant_id, seq, stretch, id, type, data, occurred_at)
         VALUES ($1, -$2::int, -1, 'evt_' || $2::int, 't', '{}', now() - make_interval(months => $2::int))`,
        [tenant.tenantId, monthsAgo],
      );
    };
    const written = async (): Promise<number[]> =>
      (await look<{ ago: string }>('SELECT -seq AS ago FROM events WHERE seq < 0 ORDER BY seq')).map(
        ({ ago }) => Number(ago),
      );

    it('they are kept when there are no newer events, because the clock may have jumped', async () => {
      await write(60);
      await look(`SELECT make_event_month(now() - interval '59 months')`);
      await runs('drop-old-events');
      await until('the month after it, which holds none, is gone', async () => {
        const [month] = await look<{ part: string | null }>(
          `SELECT to_regclass(to_char(now() AT TIME ZONE 'UTC' - interval '59 months', '"events_"YYYY_MM')) AS part`,
        );
        return month?.part === null;
      });
      expect(await written()).toEqual([60]);
      await until('it is logged', () => /Kept events_\d{4}_\d\d: there are no events of/.test(server.log));
    });

    it('they are dropped, and no others, when there are events of each later month', async () => {
      for (let monthsAgo = 16; monthsAgo > 0; monthsAgo -= 1) await write(monthsAgo);
      await runs('drop-old-events');
      // 400 days ago was in the 13th or the 14th month from this one.
      await until('the old ones are gone', async () => Number((await written())[0]) <= 14);
      const left = await written();
      expect(left.length).toBeGreaterThanOrEqual(13);
      expect(left).toEqual(Array.from(left, (_, place) => left.length - place));
    });
  });

  it('partitions are dropped while a transaction that writes events is open, and no other writer waits', async () => {
    await look(
      `CREATE TABLE events_2020_02 PARTITION OF events FOR VALUES FROM ('2020-02-01Z') TO ('2020-03-01Z')`,
    );
    const writer = new pg.Client({ connectionString: server.database.url });
    await writer.connect();
    const append = (id: string): string =>
      `SELECT append_events('[{"tenantId":"${tenant.tenantId}","id":"${id}","type":"t","data":{}}]')`;
    const left = async (part: string): Promise<string[]> => {
      const rows = await look<{ state: string }>(
        `SELECT CASE WHEN i.inhdetachpending THEN 'waits' ELSE 'attached' END AS state
           FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relname = $1`,
        [part],
      );
      return rows.map(({ state }) => state);
    };
    try {
      await writer.query('BEGIN');
      await writer.query(`SELECT set_config('app.tenant_ids', $1, true)`, [tenant.tenantId]);
      await writer.query('SELECT count(*) FROM events');
      await runs('drop-old-events');
      await until(
        'the chore waits for the writer',
        async () => (await left('events_2020_02'))[0] === 'waits',
      );
      const { status } = await tenant.api.post('/v1/incidents', { title: 'x', description: 'y' });
      expect(status).toBe(201);
      await writer.query(append('evt_open'));
      expect(await left('events_2020_02')).toEqual(['waits']);
      await writer.query('COMMIT');
    } finally {
      await writer.end();
    }
    await until('the month is gone', async () => (await left('events_2020_02')).length === 0);
    expect(await look(`SELECT id FROM events WHERE id LIKE 'evt_open%'`)).toHaveLength(1);
  });

  it('a missing partition is created while another one is being detached, without a deadlock', async () => {
    await look(
      `CREATE TABLE events_2020_05 PARTITION OF events FOR VALUES FROM ('2020-05-01Z') TO ('2020-06-01Z')`,
    );
    const writers = [0, 1].map(() => new pg.Client({ connectionString: server.database.url }));
    const [writer, other] = writers as [pg.Client, pg.Client];
    await Promise.all(writers.map((each) => each.connect()));
    const months = async (condition: string): Promise<number> =>
      (await look(`SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE ${condition}`)).length;
    try {
      await writer.query('BEGIN');
      await writer.query('LOCK TABLE events IN ROW EXCLUSIVE MODE');
      await runs('drop-old-events');
      const waiting = (): Promise<number> => months(`relname = 'events_2020_05' AND inhdetachpending`);
      await until('the chore waits', async () => (await waiting()) === 1);
      await other.query(`SELECT make_event_month('2031-02-01Z')`);
      await writer.query(`SELECT make_event_month('2031-01-01Z')`);
      expect(await waiting()).toBe(1);
      await writer.query('COMMIT');
    } finally {
      await Promise.all(writers.map((each) => each.end()));
    }
    await until('the old month is gone', async () => (await months(`relname = 'events_2020_05'`)) === 0);
    expect(await months(`relname IN ('events_2031_01', 'events_2031_02')`)).toBe(2);
  });

  it('a connection that breaks silently fails the chore and not the process, and the next run continues', async () => {
    await look(
      `CREATE TABLE events_2020_06 PARTITION OF events FOR VALUES FROM ('2020-06-01Z') TO ('2020-07-01Z')`,
    );
    const url = new URL(server.database.url);
    const proxy = await CuttableProxy.to(Number(url.port));
    url.port = String(proxy.port);
    const drop = (by: URL | string): Promise<unknown> =>
      new EventPartitions(new Database(String(by)))
        .dropBefore(new Date('2020-07-01T00:00:00Z'))
        .catch((error: unknown) => error);
    const writer = new pg.Client({ connectionString: server.database.url });
    await writer.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('LOCK TABLE events IN ROW EXCLUSIVE MODE');
      const dropping = drop(url);
      await until('it waits', async () => {
        const waiting = `SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relname = 'events_2020_06' AND inhdetachpending`;
        return (await look(waiting)).length > 0;
      });
      proxy.heal();
      expect(await dropping).toHaveProperty('message', 'Connection terminated unexpectedly');
      await writer.query('COMMIT');
    } finally {
      await writer.end();
      await proxy.stop();
    }
    await until('the month is gone', async () => {
      await drop(server.database.url);
      return (await look(`SELECT FROM pg_class WHERE relname = 'events_2020_06'`)).length === 0;
    });
  });

  it('continues with a partition that was left half detached', async () => {
    await look(
      `CREATE TABLE events_2020_03 PARTITION OF events FOR VALUES FROM ('2020-03-01Z') TO ('2020-04-01Z')`,
    );
    await look('CREATE TABLE events_2020_04 (LIKE events)');
    const reader = new pg.Client({ connectionString: server.database.url });
    const detacher = new pg.Client({ connectionString: server.database.url });
    await Promise.all([reader.connect(), detacher.connect()]);
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM events');
    await detacher.query(`SET lock_timeout = '200ms'`);
    await expect(
      detacher.query('ALTER TABLE events DETACH PARTITION events_2020_03 CONCURRENTLY'),
    ).rejects.toThrow(/lock timeout/);
    await Promise.all([reader.end(), detacher.end()]);
    await runs('drop-old-events');
    await until(
      'both are gone',
      async () =>
        (await look(`SELECT FROM pg_class WHERE relname IN ('events_2020_03', 'events_2020_04')`)).length ===
        0,
    );
  });

  it('a relay whose position was in a dropped partition continues with the oldest remaining event', async () => {
    const { tenantId } = await newTenant(server.url);
    const ask = (text: string, value: string): Promise<object[]> =>
      sql(server.database.url, text, [value], tenantId);
    const events = Array.from({ length: 3_000 }, () => ({
      ...{ tenantId, id: newId('evt'), type: 'approval.requested', data: {} },
    }));
    await ask('SELECT append_events($1)', JSON.stringify(events));
    const relayed = async (): Promise<boolean> =>
      (await ask('SELECT FROM event_stream WHERE tenant_id = $1 AND relayed = seq', tenantId)).length > 0;
    await until('all are relayed', relayed);
    await ask(
      `WITH gone AS (DELETE FROM events WHERE tenant_id = $1 AND seq <= 2500)
       UPDATE event_stream SET relayed = 0 WHERE tenant_id = $1`,
      tenantId,
    );
    await until('the rest is relayed', relayed);
  });

  it('an event creates its own partition when it is missing', async () => {
    // The second one is written to if the month ends meanwhile.
    const months = await look<{ name: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC' + make_interval(months => n), '"events_"YYYY_MM') AS name FROM generate_series(0, 1) AS n`,
    );
    for (const { name } of months)
      await look(`ALTER TABLE events DETACH PARTITION ${name}; ALTER TABLE ${name} RENAME TO ${name}_before`);
    const made = await Promise.all(
      Array.from({ length: 20 }, () =>
        tenant.api.post('/v1/incidents', { title: 'x', description: 'y', severity: 'info' }),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(Array<number>(20).fill(201));
    const incidentId = String(made[0]?.body['incidentId']);
    const rows = await look<{ name: string }>(
      `SELECT tableoid::regclass::text AS name FROM events WHERE incident_id = $1 AND type = 'incident.created'`,
      [incidentId],
    );
    expect(rows).toHaveLength(1);
    expect(months).toContainEqual(rows[0]);
  });

  it('partitions of coming months are created', async () => {
    const [{ name } = { name: '' }] = await look<{ name: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 months', '"events_"YYYY_MM') AS name`,
    );
    await look(`DROP TABLE ${name}`);
    await runs('ensure-event-partitions');
    await until(
      'it is there',
      async () => (await look(`SELECT FROM pg_class WHERE relname = $1`, [name])).length,
    );
  });
});
