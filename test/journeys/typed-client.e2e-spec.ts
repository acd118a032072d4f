import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { paths } from '../generated/api.js';
import { Api } from '../support/api.js';
import { AsyncApi } from '../support/asyncapi.js';
import { EventStream } from '../support/event-stream.js';
import { OpenApi } from '../support/openapi.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const SERVICE = 'payment-service';
const ALERT = {
  title: 'High error rate on payment-service',
  description: '5xx error rate exceeded 5% for 3 consecutive minutes.',
  severity: 'high' as const,
  service: SERVICE,
  environment: 'production',
  tags: { team: 'payments' },
};

/** Differences between responses and the OpenAPI document, and created resources without a Location. */
const faults: string[] = [];
const called = new Set<string>();

let server: TestServer;
let openApi: OpenApi;
let client: Client<paths>;
let token: string;

/** Validates every response against the document, underneath the generated client. */
const compare: Middleware = {
  async onResponse({ request, response, schemaPath }) {
    const operation = openApi.operations.find(
      ({ method, path }) => method === request.method && path === schemaPath,
    );
    if (!operation) throw new Error(`${request.method} ${schemaPath} is not in the document`);
    called.add(operation.operationId);
    if (response.status === 201 && !response.headers.has('location'))
      faults.push(`${operation.operationId}: answers 201 without a Location header`);
    const text = await response.clone().text();
    const body: unknown = text === '' ? '' : JSON.parse(text);
    const answer = { status: response.status, body };
    faults.push(
      ...openApi.faultsOf(operation.operationId, answer).map((fault) => `${operation.operationId}: ${fault}`),
    );
  },
};

const authenticate: Middleware = {
  onRequest({ request }) {
    if (token) request.headers.set('authorization', `Bearer ${token}`);
  },
};

/** Returns the data of a response, or throws its error. */
async function dataOf<D>(answer: Promise<{ data?: D; error?: unknown; response: Response }>): Promise<D> {
  const { data, error, response } = await answer;
  if (data === undefined) throw new Error(`${response.status}: ${JSON.stringify(error)}`);
  return data;
}

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

beforeAll(async () => {
  server = await TestServer.start({ env: { KNOWN_SOLUTION_WAIT_SECONDS: '3600' } });
  openApi = await OpenApi.of(server.url);
  client = createClient<paths>({ baseUrl: server.url });
  client.use(compare, authenticate);
});
afterAll(() => server.stop());

describe('a client generated from the OpenAPI document', () => {
  let tenantId: string;
  let key: { plaintextKey: string; webhookSecret: string };
  let first: string;
  let patternId: string;

  async function send(sourceAlertId: string) {
    const body = { ...ALERT, sourceAlertId };
    const signature = createHmac('sha256', key.webhookSecret).update(JSON.stringify(body)).digest('hex');
    return client.POST('/v1/webhooks/{tenantId}/custom', {
      params: {
        path: { tenantId },
        header: { 'X-API-Key': key.plaintextKey, 'X-Webhook-Signature': signature },
      },
      body,
    });
  }

  it('signs up, creates a key, and records a deploy', async () => {
    const signedUp = await dataOf(
      client.POST('/v1/auth/register', {
        body: {
          email: `ada-${randomUUID()}@example.com`,
          password: randomBytes(12).toString('hex'),
          tenantName: 'Acme Corp',
          plan: 'pro',
        },
      }),
    );
    token = signedUp.accessToken;
    tenantId = signedUp.tenant.tenantId;
    key = await dataOf(client.POST('/v1/api-keys', { body: { name: 'alerts' } }));
    for (const [version, ago] of [
      ['v41', 300],
      ['v42', 10],
    ] as const) {
      const body = {
        type: 'deploy' as const,
        service: SERVICE,
        environment: 'production',
        version,
        summary: `Deploy ${version}`,
        occurredAt: minutesAgo(ago),
      };
      await dataOf(client.POST('/v1/changes', { body }));
    }
    expect((await dataOf(client.GET('/v1/changes', {}))).items).toHaveLength(2);
  });

  it('sends an alert, and finds the incident of the first in the error of a duplicate', async () => {
    const accepted = await dataOf(send('alert-1'));
    first = accepted.incidentId;
    const { error } = await send('alert-1');
    expect(error).toMatchObject({ error: 'duplicate_alert', incidentId: first });
  });

  it('follows the investigation to its plan', async () => {
    const run = await until('the investigation ended', async () => {
      const { data } = await client.GET('/v1/investigation/{incidentId}', {
        params: { path: { incidentId: first } },
      });
      return data?.status === 'completed' && data;
    });
    expect(run.rootCause).toContain('v42');
    const evidence = await dataOf(
      client.GET('/v1/investigation/{incidentId}/evidence', {
        params: { path: { incidentId: first }, query: { limit: 100 } },
      }),
    );
    const known = evidence.items.map(({ evidenceId }) => evidenceId);
    for (const { findings } of run.steps)
      for (const { evidenceIds } of findings) expect(known).toEqual(expect.arrayContaining(evidenceIds));
    const rating = { rating: 5, rootCauseAccurate: true };
    const rated = { params: { path: { incidentId: first } }, body: rating };
    await dataOf(client.POST('/v1/investigation/{incidentId}/feedback', rated));
    await dataOf(client.POST('/v1/notifications/stream-tickets', {}));
  });

  it('uploads evidence', async () => {
    const uploaded = await dataOf(
      client.POST('/v1/incidents/{incidentId}/evidence', {
        params: { path: { incidentId: first }, query: { type: 'log', source: 'loki' } },
        headers: { 'content-type': 'text/csv' },
        body: `timestamp,entity,message\n${minutesAgo(1)},${SERVICE},took an order\n`,
        bodySerializer: (text) => text,
      }),
    );
    expect(uploaded).toMatchObject({ type: 'log', accepted: 1, rejected: [] });
  });

  it('executes the plan by hand, and resolves the incident', async () => {
    const path = { incidentId: first };
    const remediationId = await until('a plan is proposed', async () => {
      const plans = await dataOf(client.GET('/v1/incidents/{incidentId}/remediations', { params: { path } }));
      return plans.items[0]?.remediationId;
    });
    const plan = { params: { path: { remediationId } } };
    await dataOf(client.POST('/v1/remediation/{remediationId}/approve', plan));
    const executing = await dataOf(client.POST('/v1/remediation/{remediationId}/execute', plan));
    for (const { stepId } of executing.steps) {
      await dataOf(
        client.POST('/v1/remediation/{remediationId}/steps/{stepId}/complete', {
          params: { path: { remediationId, stepId } },
          body: { status: 'succeeded' },
        }),
      );
    }
    const resolved = await dataOf(
      client.PATCH('/v1/incidents/{incidentId}', { params: { path }, body: { status: 'resolved' } }),
    );
    expect(resolved.status).toBe('resolved');
    expect(resolved.tags['team']?.toUpperCase()).toBe('PAYMENTS');
  });

  it('finds the learned pattern with its fix, and confirms it', async () => {
    const pattern = await until('the pattern is there', async () => {
      const { items } = await dataOf(
        client.GET('/v1/knowledge', { params: { query: { status: 'emerging' } } }),
      );
      return items[0];
    });
    patternId = pattern.patternId;
    expect(pattern.rootCause).toContain('v42');
    expect(pattern.fix?.steps[0]?.action).toBe('rollback_deployment');
    await dataOf(client.POST('/v1/knowledge/feedback', { body: { incidentId: first, type: 'confirm_fix' } }));
    const { data } = await client.GET('/v1/knowledge/{patternId}', { params: { path: { patternId } } });
    expect(data).toMatchObject({ confidence: 0.6, confirmations: 1, occurrences: 1 });
    const { title, description, service } = ALERT;
    const similar = await dataOf(
      client.POST('/v1/knowledge/similar', { body: { title, description, service } }),
    );
    expect(similar.items.map((match) => match.similarity)).toEqual([1]);
  });

  it('is offered the pattern for a similar alert, and accepts it', async () => {
    const { incidentId } = await dataOf(send('alert-2'));
    const params = { params: { path: { incidentId } } };
    const found = await until('the known solution is found', async () => {
      const query = { events: 'investigation.known_solution_found', incidentId };
      const { items } = await dataOf(client.GET('/v1/notifications/events', { params: { query } }));
      return items.find((item) => item.event === 'investigation.known_solution_found');
    });
    // The event name discriminates the type of its data.
    expect([found.data.matchedPatternId, found.data.confidence]).toEqual([patternId, 1]);
    const body = { action: 'accept' as const, patternId };
    await dataOf(client.POST('/v1/investigation/{incidentId}/known-solution', { ...params, body }));
    await until('the run ended', async () => {
      const { data } = await client.GET('/v1/investigation/{incidentId}', params);
      return data?.status === 'completed';
    });
  });

  it('receives every error in the same format', async () => {
    const missing = { params: { path: { incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE' } } };
    const { error } = await client.GET('/v1/incidents/{incidentId}', missing);
    expect(error?.error).toBe('not_found');
    const broken = await client.POST('/v1/incidents', { body: { title: '', description: 'x' } });
    expect(broken.error?.details).toEqual([{ field: 'title', message: expect.any(String) }]);
    const archive = { body: { status: 'open' as const }, params: { path: { incidentId: first } } };
    await client.PATCH('/v1/incidents/{incidentId}', archive);
    const again = await client.PATCH('/v1/incidents/{incidentId}', archive);
    expect(again.error).toMatchObject({ error: 'invalid_transition', from: 'open', to: 'open' });
    await dataOf(
      client.GET('/v1/incidents/{incidentId}/timeline', { params: { path: { incidentId: first } } }),
    );
    await dataOf(
      client.GET('/v1/incidents/{incidentId}/alerts', { params: { path: { incidentId: first } } }),
    );
  });

  it('received nothing that the document does not describe', () => {
    expect(called.size).toBeGreaterThan(20);
    expect(faults).toEqual([]);
  });

  it('received every event as the AsyncAPI document describes it', async () => {
    const asyncApi = await AsyncApi.of(server.url);
    const stream = await EventStream.open(new Api(server.url, token), '?lastEventId=0');
    await stream.waitFor('knowledge.pattern_extracted');
    stream.close();
    expect(stream.frames.length).toBeGreaterThan(15);
    expect(stream.frames.flatMap(({ event, data }) => asyncApi.faultsOf(event, data))).toEqual([]);
  });
});
