import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, newTenant, programOf, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import {
  extractions,
  setCause,
  openIncident,
  type Pattern,
  pattern,
  patternsOf,
  resolveIncident,
  setStatus,
  ALERT,
} from './resolved-incidents.js';

const OTHER_ALERT = {
  title: 'Disk almost full on db-1',
  description: 'Volume /var/lib/postgresql is 94% full.',
  service: 'db',
};

let server: TestServer;
let tenant: TenantUser;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** A tenant without automatic investigations: one that finds nothing would remove the cause that a test has set. */
async function quietTenant(): Promise<TenantUser> {
  tenant = await newTenant(server.url);
  const settings = { autoInvestigateMinSeverity: 'critical' };
  await tenant.api.patch(`/v1/tenants/${tenant.tenantId}`, { settings });
  return tenant;
}

/** Events are handled in the order of the log: once this pattern exists, all earlier events were handled. */
async function afterAllHandled(): Promise<Pattern> {
  await resolveIncident(server, tenant, { alert: OTHER_ALERT, rootCause: 'WAL was not archived' });
  return pattern(tenant, ({ title }) => title === OTHER_ALERT.title);
}

describe('a resolved incident', () => {
  beforeAll(quietTenant);

  it('with a cause becomes a pattern, and publishes it', async () => {
    const incidentId = await resolveIncident(server, tenant);
    const learned = await pattern(tenant);
    expect(learned).toEqual({
      patternId: expect.stringMatching(/^ptn_[0-9A-HJKMNP-TV-Z]{26}$/),
      title: ALERT.title,
      summary: 'Deploy v42 lowered the connection pool to 5',
      service: ALERT.service,
      symptoms: expect.arrayContaining(['error', 'payment', 'rate']),
      rootCause: 'Deploy v42 lowered the connection pool to 5',
      fix: null,
      runbookUrl: null,
      confidence: 0.5,
      occurrences: 1,
      confirmations: 0,
      status: 'emerging',
      createdAt: expect.stringMatching(/Z$/),
      lastSeenAt: expect.stringMatching(/Z$/),
    });
    expect((await tenant.api.get(`/v1/knowledge/${learned.patternId}`)).body).toEqual(learned);
    expect(await extractions(tenant)).toEqual([
      { patternId: learned.patternId, incidentId, summary: learned['summary'] },
    ]);
  });

  it('that is similar, with other times and numbers, is another occurrence and no new pattern', async () => {
    const before = await pattern(tenant);
    const alert = { ...ALERT, description: '5xx error rate exceeded 9% for 14 consecutive minutes.' };
    await resolveIncident(server, tenant, { alert, rootCause: 'Something else' });
    const after = await pattern(tenant, ({ occurrences }) => occurrences === 2);
    expect(after).toEqual({ ...before, occurrences: 2, lastSeenAt: after['lastSeenAt'] });
    expect(String(after['lastSeenAt']) > String(before['lastSeenAt'])).toBe(true);
    expect(await extractions(tenant)).toHaveLength(1);
  });

  it('that is similar to another one resolved at the same time makes one pattern with it', async () => {
    await quietTenant();
    const incidents = await Promise.all(Array.from({ length: 20 }, () => openIncident(tenant)));
    await Promise.all(incidents.map((incidentId) => setCause(server, tenant, incidentId, 'Deploy v42')));
    await Promise.all(incidents.map((incidentId) => setStatus(tenant, incidentId, 'resolved')));
    await pattern(tenant, ({ occurrences }) => occurrences === 20);
    expect(await patternsOf(tenant)).toHaveLength(1);
    expect(await extractions(tenant)).toHaveLength(1);
  });

  it('without a cause makes no pattern', async () => {
    await quietTenant();
    await setStatus(tenant, await openIncident(tenant), 'resolved');
    const { patternId } = await afterAllHandled();
    expect(await patternsOf(tenant)).toEqual([expect.objectContaining({ patternId })]);
  });

  it('counts once, even if it is reopened and resolved again', async () => {
    await quietTenant();
    const incidentId = await resolveIncident(server, tenant);
    await pattern(tenant);
    await setStatus(tenant, incidentId, 'open');
    await setStatus(tenant, incidentId, 'resolved');
    await afterAllHandled();
    expect(await pattern(tenant, ({ title }) => title === ALERT.title)).toMatchObject({ occurrences: 1 });
  });

  it('that is closed without being resolved makes no pattern', async () => {
    await quietTenant();
    const incidentId = await openIncident(tenant);
    await setCause(server, tenant, incidentId, 'Deploy v42');
    await setStatus(tenant, incidentId, 'closed');
    const { patternId } = await afterAllHandled();
    expect(await patternsOf(tenant)).toEqual([expect.objectContaining({ patternId })]);
  });
});

describe('similar patterns', () => {
  beforeAll(async () => {
    await quietTenant();
    await resolveIncident(server, tenant);
    await pattern(tenant);
  });

  const similar = async (body: object): Promise<Pattern[]> => {
    const answer = await tenant.api.post<{ items: Pattern[] }>('/v1/knowledge/similar', body);
    expect(answer.status).toBe(200);
    return answer.body.items;
  };

  it('are those of the same failure, with their similarity', async () => {
    const [known] = await patternsOf(tenant);
    expect(await similar(ALERT)).toEqual([{ ...known, similarity: 1 }]);
  });

  it('are found by words, with a service in any case, and without a service', async () => {
    expect(await similar({ ...ALERT, service: 'PAYMENT-SERVICE' })).toHaveLength(1);
    const { service: _, ...nameless } = ALERT;
    expect(await similar(nameless)).toHaveLength(1);
    expect(await similar({ ...ALERT, title: 'The payment-service has a high rate of errors' })).toEqual([
      expect.objectContaining({ title: ALERT.title }),
    ]);
  });

  it('are none for another failure, or the same failure of another service', async () => {
    expect(await similar(OTHER_ALERT)).toEqual([]);
    expect(await similar({ ...ALERT, service: 'orders-service' })).toEqual([]);
  });

  it('require a title', async () => {
    const answer = await tenant.api.post('/v1/knowledge/similar', { description: 'x' });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'validation_error', details: [{ field: 'title' }] },
    });
  });
});

describe('a list of patterns', () => {
  const titles = ['Queue lag', 'Certificate expired', 'Disk full', 'Login refused', 'Backup failed'];

  beforeAll(async () => {
    await quietTenant();
    for (const title of titles) {
      await resolveIncident(server, tenant, { alert: { ...ALERT, title, description: title } });
      await pattern(tenant, (learned) => learned.title === title);
    }
  });

  it('is paged, newest first', async () => {
    const listed = await tenant.api.all<Pattern>('/v1/knowledge?limit=2');
    expect(listed.map(({ title }) => title)).toEqual([...titles].reverse());
  });

  it('is filtered by status and confidence', async () => {
    const [newest] = await patternsOf(tenant);
    await tenant.api.patch(`/v1/knowledge/${newest?.patternId ?? ''}`, { status: 'archived' });
    expect(await patternsOf(tenant, '?status=archived')).toHaveLength(1);
    expect(await patternsOf(tenant, '?status=emerging')).toHaveLength(titles.length - 1);
    expect(await patternsOf(tenant, '?minConfidence=0.5')).toHaveLength(titles.length);
    expect(await patternsOf(tenant, '?minConfidence=0.51')).toEqual([]);
  });

  it.each(['status=new', 'minConfidence=2', 'cursor=abc', 'limit=0'])('refuses %s', async (query) => {
    expect(await tenant.api.get(`/v1/knowledge?${query}`)).toMatchObject({
      status: 400,
      body: { error: 'validation_error' },
    });
  });
});

describe('an edit', () => {
  let address: string;

  beforeAll(async () => {
    await quietTenant();
    await resolveIncident(server, tenant);
    address = `/v1/knowledge/${(await pattern(tenant)).patternId}`;
  });

  it('changes the given fields and nothing else', async () => {
    const before = (await tenant.api.get<Pattern>(address)).body;
    const fix = {
      title: 'Raise the pool',
      steps: [{ action: 'set_config', description: 'Set pool to 50', params: { pool: 50 } }],
    };
    const change = { title: 'Pool exhausted', runbookUrl: 'https://wiki.intranet/pool', fix };
    const answer = await tenant.api.patch<Pattern>(address, change);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...before, ...change });
    expect((await tenant.api.get(address)).body).toEqual(answer.body);
  });

  it('removes a fix with null', async () => {
    expect((await tenant.api.patch(address, { fix: null })).body).toMatchObject({
      fix: null,
      title: 'Pool exhausted',
    });
  });

  it.each([
    { runbookUrl: 'javascript:alert(1)' },
    { status: 'new' },
    { title: ' ' },
    { title: null },
    { rootCause: '' },
    { confidence: 1 },
    { fix: { title: 'Without steps' } },
    { fix: { title: 'A list of lists', steps: [[]] } },
  ])('refuses %j', async (change) => {
    expect(await tenant.api.patch(address, change)).toMatchObject({
      status: 400,
      body: { error: 'validation_error' },
    });
  });

  it.each<[string, unknown]>([
    ['text', 'x'.repeat(65_536)],
    ['digits', Array<number>(300).fill(1e308)],
  ])('refuses a fix of more than 64 KiB of %s', async (_, value) => {
    const fix = { title: 'Large', steps: [{ action: 'a', description: 'b', params: { value } }] };
    expect(await tenant.api.patch(address, { fix })).toMatchObject({
      status: 400,
      body: { message: 'fix must be at most 64 KiB of JSON' },
    });
  });

  it('is only for admins: a read-only key is refused', async () => {
    const program = await programOf(tenant, 'incidents:read', 'incidents:write');
    expect((await program.get(address)).status).toBe(200);
    expect(await program.patch(address, { title: 'x' })).toMatchObject({
      status: 403,
      body: { error: 'forbidden' },
    });
  });
});

describe('two tenants', () => {
  it('see nothing of each other', async () => {
    const owner = await quietTenant();
    const incidentId = await resolveIncident(server, owner);
    const { patternId } = await pattern(owner);
    const { api } = await newTenant(server.url);
    const missing = 'ptn_01HX9VTPQR3KF8MZWBYD5N6JCE';

    const withoutRequestId = ({ status, body: { requestId: _, ...body } }: Answer) => ({ status, body });
    for (const call of [
      (id: string) => api.get(`/v1/knowledge/${id}`),
      (id: string) => api.patch(`/v1/knowledge/${id}`, { title: 'Mine' }),
    ]) {
      const theirs = withoutRequestId(await call(patternId));
      expect(theirs.status).toBe(404);
      expect(theirs).toEqual(withoutRequestId(await call(missing)));
    }
    expect((await api.get('/v1/knowledge')).body).toEqual({ items: [], nextCursor: null });
    expect((await api.post('/v1/knowledge/similar', ALERT)).body).toEqual({ items: [] });
    expect((await api.post('/v1/knowledge/feedback', { incidentId, type: 'confirm_rca' })).status).toBe(404);
    expect(await patternsOf(owner)).toEqual([expect.objectContaining({ patternId, title: ALERT.title })]);
  });
});
