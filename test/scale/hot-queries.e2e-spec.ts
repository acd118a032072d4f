import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '#kernel/domain/ids';
import { timeSlotsOf } from '#modules/ingestion/application/incident-slots';
import { Api, newTenant } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { runToEnd } from '../support/program.js';
import { TestServer } from '../support/server.js';
import { asApplication, explain, type Plan, type Query, queriesSince } from './queries.js';

/** Smaller tables may be read sequentially. */
const BIG = 500;
/** Not divisible by the number of tenants: one of them has one more, at other times. */
const INCIDENTS = 45_001;
/** No page may read more rows of a table than a scan may. A tenant has 15,000 incidents. */
const MOST_ROWS = 4_500;

interface Page {
  readonly items: Record<string, string>[];
  readonly nextCursor: string | null;
}

let database: TestDatabase;
let server: TestServer;
let api: Api;
let tenantId: string;
let incidentId: string;
let eventId: string;
let big: Set<string>;

beforeAll(async () => {
  database = await cloneDatabase();
  const seeded = await runToEnd(
    'dist/cli/seed.js',
    ['--incidents', String(INCIDENTS), '--events', String(INCIDENTS * 4), '--tenants', '3'],
    { DATABASE_URL: database.url },
  );
  const password = /with (\S+)/.exec(seeded.output)?.[1];
  if (!password) throw new Error(seeded.output);
  server = await TestServer.start({
    database,
    main: fileURLToPath(new URL('query-logging-server.mjs', import.meta.url)),
    // A worker would log queries of its own.
    env: { ROLE: 'api' },
  });
  const email = 'seed-2@example.test';
  const { body } = await new Api(server.url).post<{ accessToken: string; tenant: { tenantId: string } }>(
    '/v1/auth/login',
    { email, password },
  );
  api = new Api(server.url, body.accessToken);
  tenantId = body.tenant.tenantId;
  const tenants = await sql<{ tenant_id: string }>(database.url, 'SELECT tenant_id FROM tenants');
  for (const { tenant_id: each } of tenants) await fillSmallTables(each);
  await sql(database.url, 'ANALYZE');
  const [incident] = (await api.get<Page>('/v1/incidents?limit=1')).body.items;
  incidentId = incident?.['incidentId'] ?? '';
  const [event] = await sql<{ id: string }>(
    database.url,
    'SELECT id FROM events WHERE tenant_id = $1 ORDER BY seq DESC OFFSET 100 LIMIT 1',
    [tenantId],
    tenantId,
  );
  eventId = event?.id ?? '';
  const tables = await sql<{ name: string }>(
    database.url,
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND reltuples > $1
        AND relnamespace = 'public'::regnamespace`,
    [BIG],
  );
  big = new Set(tables.map(({ name }) => name));
});
afterAll(async () => {
  await server.stop();
  await removeDatabase(database);
});

/** Fills the tables that the seed leaves empty. */
async function fillSmallTables(tenant: string): Promise<void> {
  const id = (prefix: string): string => `'${prefix}_' || lpad(n::text, 26, '0')`;
  const incidents = `(SELECT row_number() OVER () AS n, incident_id FROM incidents
                       WHERE tenant_id = $1 ORDER BY incident_id DESC LIMIT 1000) AS newest`;
  const statements = [
    `INSERT INTO investigations (tenant_id, investigation_id, incident_id, status, trigger, steps, queued_at)
     SELECT $1, ${id('inv')}, incident_id, 'completed', 'triage', '[]', now() FROM ${incidents}`,
    `INSERT INTO remediations (tenant_id, remediation_id, incident_id, investigation_id, title, status, plan_digest, steps,
       approval_id, approval_expires_at, approvals_required, created_at)
     SELECT $1, ${id('rem')}, incident_id, ${id('inv')}, 'Roll back', 'proposed', 'd', '[]', ${id('apr')},
            now() + interval '1 day', 1, now() FROM ${incidents}`,
    `INSERT INTO incident_evidence (tenant_id, evidence_id, incident_id, type, source, accepted, rejected, attached_at)
     SELECT $1, ${id('evd')}, incident_id, 'note', 'x', 1, 0, now() FROM ${incidents}`,
    `INSERT INTO users (tenant_id, user_id, email, email_key, role, created_at, updated_at)
     SELECT $1, ${id('user')}, n || $1, n || $1, 'member', now(), now() FROM generate_series(1, 1000) AS n`,
    `INSERT INTO api_keys (tenant_id, key_id, name, prefix, key_hash, scopes, webhook_secret, created_by, created_at)
     SELECT $1, ${id('key')}, 'k', 'p', $1 || n, '[]', 's', 'user_x', now() FROM generate_series(1, 1000) AS n`,
    `INSERT INTO integrations (tenant_id, integration_id, provider, label, status, config, sealed_credentials,
       connected_by, connected_at)
     SELECT $1, ${id('int')}, 'http_runner', 'x', 'active', '{}', '', 'user_x', now() FROM generate_series(1, 1000) AS n`,
    `INSERT INTO triggers (tenant_id, trigger_id, name, listens_to, action, action_config, enabled, listens_after,
       created_by, created_at, updated_at)
     SELECT $1, ${id('trg')}, 'x', '[]', 'none', '{}', false, 0, 'user_x', now(), now() FROM generate_series(1, 1000) AS n`,
  ];
  for (const statement of statements) await sql(database.url, statement, [tenant], tenant);
}

function tenantQueriesSince(mark: number): Query[] {
  return queriesSince(server, mark).filter(
    ({ sql: text, parameters }) => /^\s*SELECT/.test(text) && parameters.includes(tenantId),
  );
}

/** The big tables of which a query reads more rows than a page needs, functions included. */
function overreadTablesOf(query: Query): Promise<string[]> {
  return asApplication(database, tenantId, async (client) => {
    const plans = await explain(client, query, 'ANALYZE, FORMAT JSON');
    const { rows: counted } = await client.query<{ relname: string }>(
      'SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0 OR idx_tup_fetch > $1',
      [MOST_ROWS],
    );
    const read = [...plans.flatMap(sequentiallyRead), ...counted.map(({ relname }) => relname)];
    return [...new Set(read)].filter((name) => big.has(name));
  });
}

function sequentiallyRead(plan: Plan): string[] {
  const own = plan['Node Type'].includes('Seq Scan') ? [plan['Relation Name'] ?? ''] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(sequentiallyRead)];
}

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const [LONG_AGO, FROM, TO, RECENTLY] = [daysAgo(70), daysAgo(57), daysAgo(50), daysAgo(10)];
const WEEK = `from=${FROM}&to=${TO}`;
const BEFORE = `to=${RECENTLY}`;
const OF_WEEK = `created_at >= '${FROM}' AND created_at < '${TO}'`;

const PATHS = [
  ...['createdAt', 'updatedAt'].flatMap((sort) =>
    ['asc', 'desc'].flatMap((order) =>
      [
        '',
        'status=open',
        'status=awaiting_approval',
        'severity=info',
        'service=checkout',
        'service=none',
        'environment=none',
        'source=manual',
        'status=open&service=checkout&severity=critical',
        'q=latency',
        'q=nowhere',
        'q=checkout+payments',
        'from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z',
        WEEK,
        `q=latency&${WEEK}`,
        `service=checkout&${WEEK}`,
        `service=none&${WEEK}`,
        `environment=production&${WEEK}`,
        BEFORE,
        `from=${daysAgo(3)}`,
        `service=checkout&${BEFORE}`,
        `q=exhausted&${BEFORE}`,
        'limit=100&service=checkout&severity=critical',
        'limit=100&q=latency',
        `limit=100&q=latency&${WEEK}`,
      ].map((filter) => `/v1/incidents?sort=${sort}&order=${order}&${filter}`),
    ),
  ),
  '/v1/incidents/:incident',
  '/v1/incidents/:incident/timeline',
  '/v1/incidents/:incident/alerts',
  '/v1/incidents/:incident/evidence',
  '/v1/incidents/:incident/remediations',
  '/v1/investigation/:incident',
  '/v1/investigation/:incident/runs',
  '/v1/triage/:incident',
  '/v1/changes',
  '/v1/changes?service=checkout',
  '/v1/changes?type=schema',
  '/v1/knowledge',
  '/v1/knowledge?status=stable',
  '/v1/notifications/approvals/pending',
  '/v1/users',
  '/v1/api-keys',
  '/v1/integrations',
  '/v1/triggers',
  '/v1/notifications/events',
  '/v1/notifications/events?after=:event',
  '/v1/notifications/events?after=:event&events=incident.created',
  '/v1/notifications/events?events=knowledge.pattern_extracted',
  '/v1/notifications/events?incidentId=:incident',
];

describe('a list reads no big table sequentially, and no more rows of a tenant than a page needs', () => {
  it('detects which tables are big', () => {
    expect([...big]).toEqual(
      expect.arrayContaining([
        'incidents',
        'alerts',
        'triages',
        'remediations',
        'users',
        'api_keys',
        'triggers',
      ]),
    );
    expect([...big].filter((name) => name.startsWith('events_')).length).toBeGreaterThan(5);
  });

  it('detects a query that does', async () => {
    const slow = {
      sql: 'SELECT count(*) FROM incidents WHERE tenant_id = $1 AND description = $2',
      parameters: [tenantId, 'x'],
      isPlannedOnce: false,
    };
    expect(await overreadTablesOf(slow)).toEqual(['incidents']);
  });

  it.each(PATHS)('%s', async (path) => {
    const mark = server.log.length;
    const { status } = await api.get(path.replace(':incident', incidentId).replace(':event', eventId));
    const queries = tenantQueriesSince(mark);
    expect([status, queries.length > 0]).toEqual([200, true]);
    for (const query of queries) expect([query.sql, await overreadTablesOf(query)]).toEqual([query.sql, []]);
  });
});

it('the alerts that a webhook of a tool is about are found without a scan', async () => {
  await sql(database.url, `UPDATE alerts SET provider = 'uptime_kuma' WHERE tenant_id = $1`, [tenantId], tenantId);
  await sql(database.url, 'ANALYZE alerts');
  // As many as there are fill the quota.
  await sql(database.url, 'DELETE FROM integrations WHERE tenant_id = $1', [tenantId], tenantId);
  const { body } = await api.post<{ ingestUrl: string }>('/v1/integrations/uptime_kuma/connect', {});
  const mark = server.log.length;
  for (const status of [0, 1])
    await api.post(new URL(body.ingestUrl).pathname, { heartbeat: { status }, monitor: { id: 'seed-7' } });
  const queries = tenantQueriesSince(mark).filter(({ sql: text }) => text.includes('FROM alerts'));
  // Only the recovery needs to know which incident it ends.
  expect(queries).toHaveLength(1);
  for (const query of queries) expect([query.sql, await overreadTablesOf(query)]).toEqual([query.sql, []]);
}); // prettier-ignore

describe('a scan for a filter that a sample finds to be rare', () => {
  /** Each may be on a page of its own, which is not cached. */
  const MAX_SAMPLED_ROWS = 200;
  const gates = (plan: Plan): Plan[] => [
    ...(plan['One-Time Filter'] === undefined ? [] : [plan]),
    ...(plan.Plans ?? []).flatMap(gates),
  ];

  it.each([
    [`sort=updatedAt&severity=low&${WEEK}`, true],
    [`sort=updatedAt&service=none&${WEEK}`, false],
    [`sort=updatedAt&q=nowhere&${BEFORE}`, false],
    ['severity=low&limit=100', true],
    ['q=nowhere&limit=100', false],
    ['q=nowhere', false],
    ['status=open&service=checkout&severity=critical', false],
    [`sort=updatedAt&service=checkout&${WEEK}`, false],
    [`sort=updatedAt&status=resolved&from=${LONG_AGO}&to=${TO}`, true],
  ])('%s is executed: %s', async (query, isExecuted) => {
    const mark = server.log.length;
    await api.get(`/v1/incidents?${query}`);
    const scan = tenantQueriesSince(mark).find(({ sql: text }) => text.includes('AS sample'));
    if (!scan) throw new Error('The server sent no query with a sample');
    const { plans, rows } = await asApplication(database, tenantId, async (client) => ({
      plans: await explain(client, scan, 'ANALYZE, FORMAT JSON'),
      rows: (
        await client.query<{ read: string }>(
          `SELECT idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = 'incidents'`,
        )
      ).rows,
    }));
    if (!isExecuted) expect(Number(rows[0]?.read)).toBeLessThanOrEqual(MAX_SAMPLED_ROWS);
    const scans = plans.flatMap(gates).flatMap((gate) => gate.Plans?.at(-1) ?? []);
    expect(scans.map((gated) => (gated['Actual Loops'] ?? 0) > 0)).toEqual([isExecuted]);
  });
});

describe('the incidents of one service within a creation range, sorted by update', () => {
  it('are read ahead', async () => {
    const mark = server.log.length;
    await api.get(`/v1/incidents?sort=updatedAt&service=checkout&${WEEK}`);
    const query = tenantQueriesSince(mark).at(-1);
    if (!query) throw new Error('The server sent no query');
    const plans = await asApplication(database, tenantId, (client) => explain(client, query, 'FORMAT JSON'));
    expect(plans.flatMap(indexesCombined)).toEqual(['incidents_by_service', 'incidents_by_service']);
  });

  function indexesCombined(plan: Plan): string[] {
    const own = plan['Node Type'] === 'Bitmap Index Scan' ? [plan['Index Name'] ?? ''] : [];
    return [...own, ...(plan.Plans ?? []).flatMap(indexesCombined)];
  }
});

describe('a search', () => {
  const all = async (query: string): Promise<string[]> => {
    const found = await api.all<{ incidentId: string }>(`/v1/incidents?limit=100&${query}`);
    return found.map(({ incidentId }) => incidentId);
  };
  const expected = async (condition: string, order: string): Promise<string[]> => {
    const rows = await sql<{ incident_id: string }>(
      database.url,
      `SELECT incident_id FROM incidents WHERE tenant_id = $1 AND ${condition} ORDER BY ${order}`,
      [tenantId],
      tenantId,
    );
    return rows.map(({ incident_id }) => incident_id);
  };

  it.each([
    ['q=replication', `title ILIKE '%replication%'`, 'incident_id DESC'],
    ['q=replication&order=asc', `title ILIKE '%replication%'`, 'incident_id'],
    [
      'q=replication+payments&sort=updatedAt',
      `title ILIKE 'payments%replication%'`,
      'updated_at DESC, incident_id DESC',
    ],
    [
      'severity=info&service=fraud&sort=updatedAt&order=asc',
      `severity = 'info' AND service = 'fraud'`,
      'updated_at, incident_id',
    ],
    ['status=open&severity=low', `status = 'open' AND severity = 'low'`, 'incident_id DESC'],
    [`q=replication&${WEEK}`, `title ILIKE '%replication%' AND ${OF_WEEK}`, 'incident_id DESC'],
    [`sort=updatedAt&${WEEK}`, OF_WEEK, 'updated_at DESC, incident_id DESC'],
    [`sort=updatedAt&order=asc&${WEEK}`, OF_WEEK, 'updated_at, incident_id'],
    [
      `sort=updatedAt&severity=low&${WEEK}`,
      `severity = 'low' AND ${OF_WEEK}`,
      'updated_at DESC, incident_id DESC',
    ],
    [
      `sort=updatedAt&order=asc&q=replication&${WEEK}`,
      `title ILIKE '%replication%' AND ${OF_WEEK}`,
      'updated_at, incident_id',
    ],
    [
      `sort=updatedAt&service=checkout&${BEFORE}`,
      `service = 'checkout' AND created_at < '${RECENTLY}'`,
      'updated_at DESC, incident_id DESC',
    ],
    [`sort=updatedAt&${BEFORE}`, `created_at < '${RECENTLY}'`, 'updated_at DESC, incident_id DESC'],
    [
      `sort=updatedAt&service=fraud&${WEEK}`,
      `service = 'fraud' AND ${OF_WEEK}`,
      'updated_at DESC, incident_id DESC',
    ],
    [
      `sort=updatedAt&severity=info&service=fraud&to=${LONG_AGO}`,
      `severity = 'info' AND service = 'fraud' AND created_at < '${LONG_AGO}'`,
      'updated_at DESC, incident_id DESC',
    ],
  ])('%s finds each once, in order, over all its pages', async (query, condition, order) => {
    const found = await all(query);
    expect(found.length).toBeGreaterThan(2);
    expect(found).toEqual(await expected(condition, order));
  });

  it('uses the slots that the index has', async () => {
    const [one] = await sql<{ incident_id: string; updated_at: Date; lexemes: string[] }>(
      database.url,
      `SELECT incident_id, updated_at, tsvector_to_array(words) AS lexemes FROM incidents WHERE tenant_id = $1
        ORDER BY incident_id OFFSET 5000 LIMIT 1`,
      [tenantId],
      tenantId,
    );
    const page = { tenantId: tenantId as TenantId, order: 'asc' } as const;
    const byCreation = { ...page, sort: 'createdAt', after: [one?.incident_id ?? ''] } as const;
    const byUpdate = {
      ...page,
      sort: 'updatedAt',
      after: [one?.updated_at.toISOString() ?? '', one?.incident_id ?? ''],
    } as const;
    const limits = { max: 8, first: 3 };
    const slots = [
      timeSlotsOf(byCreation, 'created', limits, new Date()),
      timeSlotsOf(byUpdate, 'updated', limits, new Date()),
    ];
    for (const { lexemes } of slots) expect(one?.lexemes).toContain(lexemes[0]);
  });

  it('without words, or for lexemes that only the index has, finds nothing', async () => {
    for (const q of ['!!!', '"Tenant"', `Tenant=${tenantId}`, 'Status=open']) {
      expect([q, await all(`q=${encodeURIComponent(q)}`)]).toEqual([q, []]);
    }
  });

  it('matches service names with special characters', async () => {
    const names = [`it's`, 'back\\slash', `a'&!b | "c"`, '(x) <-> y:*'];
    for (const service of names) {
      const { status } = await api.post('/v1/incidents', { title: 'Odd', description: 'x', service });
      expect(status).toBe(201);
    }
    for (const service of names) {
      const query = `q=odd&service=${encodeURIComponent(service)}&sort=updatedAt`;
      expect([service, await all(query)]).toEqual([service, [expect.stringMatching(/^inc_/)]]);
    }
  });

  it('never finds incidents of another tenant, however many match', async () => {
    const other = await newTenant(server.url);
    for (const query of [
      'q=latency',
      'severity=high',
      'q=latency&status=open&sort=updatedAt',
      `q=-nowhere`,
    ]) {
      const { body } = await other.api.get<Page>(`/v1/incidents?${query}`);
      expect([query, body.items]).toEqual([query, []]);
    }
    const look = `SELECT count(*) FROM search_incidents('latency', '{}', ARRAY[$1], false, NULL, NULL, false, false, NULL, NULL, 100)`;
    const seen = async (tenant?: string): Promise<string | undefined> => {
      const rows = await sql<{ count: string }>(database.url, look, [`Tenant=${tenantId}`], tenant);
      return rows[0]?.count;
    };
    expect([await seen(), await seen(other.tenantId), await seen(tenantId)]).toEqual(['0', '0', '100']);
  });
});

describe('a creation range sorted by update, while vacuum is behind other tenants', () => {
  beforeAll(async () => {
    await sql(database.url, 'ALTER TABLE incidents SET (autovacuum_enabled = false)');
    const tenants = await sql<{ id: string }>(database.url, 'SELECT tenant_id AS id FROM tenants');
    for (const { id } of tenants.filter((tenant) => tenant.id !== tenantId))
      await sql(database.url, 'UPDATE incidents SET version = version + 1 WHERE tenant_id = $1', [id], id);
    await sql(database.url, 'ANALYZE incidents');
  });

  it.each([WEEK, `from=${daysAgo(170)}&to=${daysAgo(163)}`, `to=${daysAgo(100)}`])(
    'the next page of %s sorts keys of the range, without their rows',
    async (range) => {
      const path = `/v1/incidents?sort=updatedAt&${range}`;
      const { nextCursor } = (await api.get<Page>(path)).body;
      const mark = server.log.length;
      await api.get(`${path}&cursor=${nextCursor ?? ''}`);
      const query = tenantQueriesSince(mark).find(({ sql: text }) => text.includes('AS candidates'));
      if (!query) throw new Error('The server sent no query that sorts keys');
      const plans = await asApplication(database, tenantId, (client) =>
        explain(client, query, 'FORMAT JSON'),
      );
      expect(plans.flatMap((plan) => keyScans(plan))).toEqual([['Index Only Scan', 'incidents_pkey']]);
    },
  );

  /** The scans below a sort. */
  function keyScans(plan: Plan, isSorted = false): [type: string, index: string | undefined][] {
    const type = plan['Node Type'];
    if (isSorted && type.includes('Scan') && !type.startsWith('Subquery'))
      return [[type, plan['Index Name']]];
    return (plan.Plans ?? []).flatMap((each) => keyScans(each, isSorted || type === 'Sort'));
  }
});
