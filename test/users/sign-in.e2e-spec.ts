import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, Api, newTenant } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('registration', () => {
  it('opens the whole way in: account, API key, signed alert', async () => {
    const tenant = await newTenant(server.url);
    const sender = await AlertSender.of(tenant);
    const answer = await sender.send({ title: 'High error rate', description: '5xx above 5 %' });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ incidentId: expect.stringMatching(/^inc_/), status: 'triaging' });
  });

  it('tells of the tenant, then of its first admin', async () => {
    const { tenantId, userId, email } = await newTenant(server.url, { name: 'Ada', tenantName: 'Engines' });
    const events = await sql<{ type: string; data: Record<string, unknown> }>(
      server.database.url,
      'SELECT type, data FROM events WHERE tenant_id = $1 ORDER BY seq',
      [tenantId],
      tenantId,
    );
    expect(events).toEqual([
      {
        type: 'tenant.created',
        data: { tenantId, name: 'Engines', plan: 'pro', createdAt: expect.any(String) },
      },
      {
        type: 'user.created',
        data: { userId, email, name: 'Ada', role: 'admin', createdAt: expect.any(String) },
      },
    ]);
  });
});

describe('a call without a valid token', () => {
  it('is refused before anything else is looked at', async () => {
    const answer = await new Api(server.url).post('/v1/api-keys', 'not even JSON');
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({
      error: 'unauthorized',
      message: expect.any(String),
      requestId: expect.any(String),
    });
  });
});
