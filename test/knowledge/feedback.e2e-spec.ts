import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import {
  setCause,
  openIncident,
  type Pattern,
  pattern,
  patternsOf,
  resolveIncident,
  setStatus,
  ALERT,
} from './resolved-incidents.js';

let server: TestServer;
let tenant: TenantUser;
let incidentId: string;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const feedback = (type: string, more: object = {}) =>
  tenant.api.post('/v1/knowledge/feedback', { incidentId, type, ...more });
const similar = async () =>
  (await tenant.api.post<{ items: Pattern[] }>('/v1/knowledge/similar', ALERT)).body.items;

describe('feedback on an incident', () => {
  beforeAll(async () => {
    tenant = await newTenant(server.url);
    incidentId = await resolveIncident(server, tenant);
    await pattern(tenant);
  });

  it('makes its pattern stable at the third confirmation', async () => {
    const { patternId } = await pattern(tenant);
    const first = await feedback('confirm_rca', { comment: 'Seen it in the pool metrics' });
    expect(first).toMatchObject({
      status: 201,
      body: {
        incidentId,
        patternId,
        type: 'confirm_rca',
        comment: 'Seen it in the pool metrics',
        givenBy: tenant.userId,
      },
    });
    await feedback('confirm_fix', { patternId });
    expect(await pattern(tenant)).toMatchObject({ status: 'emerging', confidence: 0.7, confirmations: 2 });
    await feedback('confirm_rca');
    expect(await pattern(tenant)).toMatchObject({ status: 'stable', confidence: 0.8, confirmations: 3 });
  });

  it('counts all of twenty given at once', async () => {
    tenant = await newTenant(server.url);
    incidentId = await resolveIncident(server, tenant);
    await pattern(tenant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => feedback('confirm_fix')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(await pattern(tenant)).toMatchObject({ confidence: 1, confirmations: 20 });
  });

  it('sends a rejected pattern to review, where it is no longer offered', async () => {
    tenant = await newTenant(server.url);
    incidentId = await resolveIncident(server, tenant);
    await pattern(tenant);
    expect(await similar()).toHaveLength(1);
    for (const type of ['reject_rca', 'correct_rca', 'reject_fix']) await feedback(type);
    expect(await patternsOf(tenant, '?status=review')).toEqual([
      expect.objectContaining({ confidence: 0.05, confirmations: 0 }),
    ]);
    expect(await similar()).toEqual([]);
  });

  it('without a pattern is kept until there is one', async () => {
    tenant = await newTenant(server.url);
    incidentId = await openIncident(tenant);
    expect((await feedback('confirm_rca')).body).toMatchObject({ patternId: null });
    await setCause(server, tenant, incidentId, 'Deploy v42');
    await setStatus(tenant, incidentId, 'resolved');
    expect(await pattern(tenant)).toMatchObject({ confidence: 0.6, confirmations: 1 });
  });

  it.each([
    ['an unknown incident', { incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE' }, 404],
    ['an unknown pattern', { patternId: 'ptn_01HX9VTPQR3KF8MZWBYD5N6JCE' }, 404],
    ['an id of another kind', { incidentId: 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE' }, 400],
    ['an unknown type', { type: 'like' }, 400],
    ['an unknown field', { rating: 5 }, 400],
  ])('is refused for %s', async (_, body, status) => {
    expect((await feedback('confirm_rca', body)).status).toBe(status);
  });
});
