import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, newTenant } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('An alert', () => {
  it('is triaged and investigated, and a deploy shortly before it is held responsible', async () => {
    const tenant = await newTenant(server.url);
    const sender = await AlertSender.of(tenant);
    const change = await tenant.api.post('/v1/changes', {
      type: 'deploy',
      service: 'payment-service',
      version: 'v42',
      summary: 'Use the new pool',
      occurredAt: new Date(Date.now() - 10 * 60_000).toISOString(),
    });
    expect(change.status).toBe(201);
    const sent = await sender.send({
      title: 'High error rate on payment-service',
      description: '5xx error rate exceeded 5% for 3 consecutive minutes.',
      severity: 'high',
      service: 'payment-service',
    });
    const { incidentId = '' } = sent.body;
    const run = await until('the run ended', async () => {
      const answer = await tenant.api.get(`/v1/investigation/${incidentId}`);
      return answer.body['status'] === 'completed' && answer.body;
    });
    expect(run).toMatchObject({ outcome: 'probable', rootCause: expect.stringContaining('v42') });
  });
});
