import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ended, type Evidence, evidenceOf, lockTable, openIncident } from '../investigation/cases.js';
import { Api, newKey, newTenant, type TenantUser } from '../support/api.js';
import { JsonApi } from '../support/json-api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
const SHA = randomBytes(20).toString('hex');
const INCIDENT = {
  title: 'High error rate on checkout',
  description: 'More than 5 % of the requests fail.',
  severity: 'high',
  service: 'checkout',
};

const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
const apis: JsonApi[] = [];
let server: TestServer;

async function api(respond: JsonApi['respond']): Promise<JsonApi> {
  const started = await JsonApi.start(respond);
  apis.push(started);
  return started;
}

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(async () => {
  await Promise.all(apis.map((each) => each.stop()));
  await server.stop();
});

async function connect(
  tenant: TenantUser,
  provider: string,
  config: object,
  credentials: object,
): Promise<{ ingestUrl: string }> {
  const answer = await tenant.api.post<{ ingestUrl: string }>(`/v1/integrations/${provider}/connect`, {
    config,
    credentials,
  });
  expect(answer).toMatchObject({
    status: 201,
    body: { provider, capabilities: expect.arrayContaining(['evidence']) },
  });
  return answer.body;
}

async function pulledBy(
  tenant: TenantUser,
  source: string,
): Promise<{ evidence: Evidence[]; missing: readonly string[]; rootCause: string | null }> {
  const incidentId = await openIncident(tenant, INCIDENT);
  const { missingEvidence: missing, rootCause } = await ended(tenant, incidentId);
  const evidence = (await evidenceOf(tenant, incidentId)).filter((each) => each.source === source);
  return { evidence, missing, rootCause };
}

function lokiLines(lines: readonly (readonly [minutesAgo: number, line: string])[]) {
  const values = lines.map(([minutes, line]) => [`${Date.now() - minutes * MINUTE}000000`, line]);
  return {
    status: 'success',
    data: {
      resultType: 'streams',
      result: [{ stream: { service_name: 'checkout', level: 'error' }, values }],
    },
  };
}

describe('a source of evidence', () => {
  it('is in the catalogue with its config schema', async () => {
    const tenant = await newTenant(server.url);
    const { body } = await tenant.api.get<{
      items: { provider: string; capabilities: string[]; configSchema: object }[];
    }>('/v1/integrations/catalog');
    const sources = body.items.filter(({ capabilities }) => capabilities.includes('evidence'));
    expect(sources.map(({ provider }) => provider)).toEqual([
      'elasticsearch',
      'github',
      'kubernetes',
      'loki',
      'postgresql',
      'prometheus',
    ]);
    expect(sources.every(({ configSchema }) => 'properties' in configSchema)).toBe(true);
  });

  it('is refused when its response has the wrong shape', async () => {
    const tenant = await newTenant(server.url);
    const other = await api(() => ({ hello: 'world' }));
    for (const [provider, config, credentials] of [
      ['prometheus', {}, {}],
      ['loki', {}, {}],
      ['elasticsearch', {}, {}],
      ['github', { repositories: [{ repository: 'acme/checkout' }] }, { token: 'x' }],
      ['kubernetes', { namespaces: ['shop'] }, { token: 'x' }],
    ] as const)
      expect(
        await tenant.api.post(`/v1/integrations/${provider}/connect`, {
          config: { url: other.url, ...config },
          credentials,
        }),
      ).toMatchObject({
        status: 422,
        body: { error: 'connection_failed', message: expect.stringContaining('but not like the') },
      });
    expect((await tenant.api.get('/v1/integrations')).body['items']).toEqual([]);
  });
});

describe('Loki', () => {
  it('supplies cited log lines to its tenant’s runs only', async () => {
    const tenant = await newTenant(server.url);
    const token = randomBytes(12).toString('hex');
    const loki = await api(({ path }) =>
      path.endsWith('/labels')
        ? { status: 'success', data: [] }
        : lokiLines([
            [2, 'connection pool exhausted'],
            [1, 'connection pool\u0000 \ud800 exhausted'],
          ]),
    );
    await connect(tenant, 'loki', { url: loki.url }, { bearerToken: token });
    const { evidence } = await pulledBy(tenant, 'loki');
    expect(evidence).toMatchObject([
      {
        type: 'log',
        query: expect.stringContaining('{service_name="checkout"}'),
        content: expect.stringContaining('connection pool exhausted'),
      },
    ]);
    expect(loki.requests.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
    const before = loki.requests.length;
    const stranger = await newTenant(server.url);
    expect((await pulledBy(stranger, 'loki')).evidence).toEqual([]);
    expect(loki.requests).toHaveLength(before);
  });
});

describe('Elasticsearch', () => {
  it('supplies log lines to the run', async () => {
    const tenant = await newTenant(server.url);
    const hit = {
      _source: { '@timestamp': ago(1), message: 'payment declined by upstream', log: { level: 'ERROR' } },
    };
    const elasticsearch = await api(() => ({
      took: 1,
      timed_out: false,
      _shards: { total: 1, failed: 0 },
      hits: { total: { value: 1, relation: 'eq' }, hits: [hit] },
    }));
    await connect(tenant, 'elasticsearch', { url: elasticsearch.url, index: 'app-*' }, { apiKey: 'a2V5' });
    const { evidence } = await pulledBy(tenant, 'elasticsearch');
    expect(evidence).toMatchObject([
      {
        type: 'log',
        query: expect.stringContaining('service.name: "checkout"'),
        content: expect.stringContaining('payment declined'),
      },
    ]);
  });
});

describe('GitHub', () => {
  it('supplies commits with diffs, deployments and failed workflow runs, and the run blames the deployment', async () => {
    const tenant = await newTenant(server.url);
    const commit = { message: 'Halve the connection pool', committer: { name: 'Ada', date: ago(20) } };
    const files = [{ filename: 'config/pool.yaml', patch: '@@ -1 +1 @@\n-size: 50\n+size: 25' }];
    const github = await api(({ path }) => {
      if (path.endsWith(`/commits/${SHA}`)) return { sha: SHA, commit, files };
      if (path.endsWith('/commits')) return [{ sha: SHA, commit }];
      if (path.endsWith('/deployments'))
        return [
          {
            id: 1,
            sha: SHA,
            ref: 'v1.4.2',
            environment: 'production',
            description: null,
            created_at: ago(5),
          },
        ];
      if (path.endsWith('/runs'))
        return {
          total_count: 1,
          workflow_runs: [{ name: 'Release', head_branch: 'main', head_sha: SHA, updated_at: ago(10) }],
        };
      return { full_name: 'acme/checkout' };
    });
    await connect(
      tenant,
      'github',
      { url: github.url, repositories: [{ repository: 'acme/checkout' }] },
      { token: 'ghp_x' },
    );
    const { evidence, rootCause } = await pulledBy(tenant, 'github');
    expect(evidence.map(({ type }) => type).sort()).toEqual(['code_change', 'deployment', 'platform_event']);
    expect(evidence.find(({ type }) => type === 'code_change')?.content).toContain('+size: 25');
    expect(rootCause).toContain('v1.4.2');

    // Also reported by GitHub's webhook, it stays one deployment and one suspect.
    const reported = {
      deployment_status: { state: 'success', environment: 'production', created_at: ago(4) },
      deployment: { id: 1, sha: SHA, ref: 'v1.4.2' },
      repository: { full_name: 'Acme/checkout' },
    };
    const { plaintextKey } = await newKey(tenant);
    const path = `/v1/webhooks/${tenant.tenantId}/github`;
    const answer = await tenant.api.post(path, reported, { headers: { 'x-api-key': plaintextKey } });
    expect(answer.status).toBe(202);
    const incidentId = await openIncident(tenant, INCIDENT);
    const { hypotheses } = await ended(tenant, incidentId);
    expect(hypotheses.filter(({ statement }) => statement.startsWith('Deploy'))).toHaveLength(1);
  });
});

describe('Kubernetes', () => {
  it('supplies pod states, and the root cause names the pod and why it is killed', async () => {
    const tenant = await newTenant(server.url);
    const pod = {
      metadata: { name: 'checkout-7d9fbc6d8-x2x9l' },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
        containerStatuses: [
          {
            restartCount: 7,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          },
        ],
      },
    };
    const kubernetes = await api(({ path }) =>
      path.endsWith('/pods')
        ? { kind: 'PodList', metadata: {}, items: [pod] }
        : { kind: 'List', metadata: {}, items: [] },
    );
    await connect(tenant, 'kubernetes', { url: kubernetes.url, namespaces: ['shop'] }, { token: 'eyJ' });
    const { evidence, rootCause } = await pulledBy(tenant, 'kubernetes');
    expect(evidence).toMatchObject([
      {
        type: 'platform_event',
        query: 'GET /api/v1/namespaces/shop/pods',
        content: expect.stringContaining('OOMKilled'),
      },
    ]);
    expect(rootCause).toContain('checkout-7d9fbc6d8-x2x9l');
    expect(rootCause).toContain('memory');
  });

  it('opens an incident for a warning of each cluster, and none without the token', async () => {
    const tenant = await newTenant(server.url);
    const { config, credentials, respond } = EMPTY.kubernetes;
    const { url } = await api(respond);
    const warning = { involvedObject: { kind: 'Pod', namespace: 'shop', name: 'checkout-0' }, type: 'Warning', reason: 'BackOff' };
    const warn = async (webhookToken: string, shown = webhookToken) => {
      const { ingestUrl } = await connect(tenant, 'kubernetes', { url, ...config }, { ...credentials, webhookToken });
      return new Api(server.url).post<{ incidents: { incidentId: string }[] }>(new URL(ingestUrl).pathname, warning, {
        headers: { authorization: `Bearer ${shown}` },
      });
    };
    expect(await warn('one', 'other')).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    const opened = [await warn('one'), await warn('two')].map(({ body }) => body.incidents[0]?.incidentId);
    expect(opened.filter(Boolean)).toHaveLength(2);
    expect(new Set(opened).size).toBe(2);
  }); // prettier-ignore
});

describe('a source that fails', () => {
  it.each<[string, JsonApi['respond'], RegExp]>([
    ['does not respond', () => undefined, /^Grafana Loki did not finish within 10 s\.$/],
    ['redirects into the network', (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(), /^Grafana Loki: Loki answered 302; redirects are not followed\.$/],
    ['exceeds the size cap', (_, response) => void response.end('x'.repeat(9 * 1024 * 1024)), /^Grafana Loki: The call to Loki failed: the answer is larger than \d+ bytes\.$/],
    ['does not return JSON', (_, response) => void response.end('<html>'), /^Grafana Loki: Loki did not answer in JSON\.$/],
    ['returns an error with characters that PostgreSQL cannot store', (_, response) => void response.writeHead(500).end(JSON.stringify({ error: 'gone\0 \ud800' })), /^Grafana Loki: Loki answered 500: gone\uFFFD \uFFFD\.$/],
    ['returns an unexpected shape', () => ({ data: { result: 'none' } }), /^Grafana Loki: there is no line from /],
  ])('because it %s is missing evidence, and the others are read', async (_, respond, sentence) => {
    const tenant = await newTenant(server.url);
    const loki = await api(() => ({ status: 'success', data: [] }));
    await connect(tenant, 'loki', { url: loki.url }, {});
    const elasticsearch = await api(() => ({ hits: { total: { value: 1 }, hits: [{ _source: { '@timestamp': ago(1), message: 'x' } }] } }));
    await connect(tenant, 'elasticsearch', { url: elasticsearch.url }, {});
    loki.respond = respond;
    const { missing, evidence } = await pulledBy(tenant, 'elasticsearch');
    expect(missing).toContainEqual(expect.stringMatching(sentence));
    expect(evidence).toHaveLength(1);
  }); // prettier-ignore

  it('is cut off at the row cap, which is reported as missing evidence', async () => {
    const tenant = await newTenant(server.url);
    const many = lokiLines(Array.from({ length: 30_000 }, (_, at) => [1, `line ${at}`] as const));
    const loki = await api(({ path }) => (path.endsWith('/labels') ? { status: 'success', data: [] } : many));
    await connect(tenant, 'loki', { url: loki.url }, {});
    const { missing } = await pulledBy(tenant, 'loki');
    expect(missing).toContain(
      'Grafana Loki returned more than the limit of one source; the rest was not read.',
    );
  });
});

/** The response of each source to a probe and to a query without matches. */
const EMPTY = {
  elasticsearch: {
    config: { index: 'app-*' }, credentials: {},
    respond: () => ({ took: 1, timed_out: false, _shards: { total: 1, failed: 0 }, hits: { total: { value: 0, relation: 'eq' }, hits: [] } }),
  },
  github: {
    config: { repositories: [{ repository: 'acme/checkout' }] }, credentials: { token: 'ghp_x' },
    respond: ({ path }) => path.endsWith('/runs') ? { total_count: 0, workflow_runs: [] } : path.endsWith('/checkout') ? { full_name: 'acme/checkout' } : [],
  },
  kubernetes: {
    config: { namespaces: ['shop'] }, credentials: { token: 'eyJ' },
    respond: ({ path }) => ({ kind: path.endsWith('/pods') ? 'PodList' : 'List', apiVersion: 'v1', metadata: {}, items: [] }),
  },
  loki: { config: {}, credentials: {}, respond: ({ path }) => ({ status: 'success', data: path.endsWith('/labels') ? [] : { resultType: 'streams', result: [] } }) },
  prometheus: { config: {}, credentials: {}, respond: ({ path }) => ({ status: 'success', data: path.endsWith('/query') ? { resultType: 'vector', result: [] } : [] }) },
} satisfies Readonly<Record<string, { config: object; credentials: object; respond: JsonApi['respond'] }>>; // prettier-ignore

async function connectAll(tenant: TenantUser): Promise<JsonApi[]> {
  return Promise.all(
    Object.entries(EMPTY).map(async ([provider, { config, credentials, respond }]) => {
      const source = await api(respond);
      await connect(tenant, provider, { url: source.url, ...config }, credentials);
      return source;
    }),
  );
}

describe('every source', () => {
  it('without matching data is reported as missing evidence', async () => {
    const tenant = await newTenant(server.url);
    await connectAll(tenant);
    const { missing, evidence } = await pulledBy(tenant, 'none');
    expect(evidence).toEqual([]);
    for (const sentence of [
      /^Elasticsearch: there is no log line/,
      /^GitHub responded, but has no data about this incident\.$/,
      /^Grafana Loki: there is no line from /,
      /^Kubernetes: there is no pod in the namespace shop\.$/,
      /^Prometheus: there is no metric whose /,
    ])
      expect(missing).toContainEqual(expect.stringMatching(sentence));
  });

  it('that times out is reported as missing evidence and does not delay the others', async () => {
    const tenant = await newTenant(server.url);
    const sources = await connectAll(tenant);
    for (const source of sources) source.respond = () => undefined;
    const { missing } = await pulledBy(tenant, 'none');
    expect(missing.filter((sentence) => sentence.endsWith(' did not finish within 10 s.')).sort()).toEqual(
      ['Elasticsearch', 'GitHub', 'Grafana Loki', 'Kubernetes', 'Prometheus'].map((label) => `${label} did not finish within 10 s.`),
    ); // prettier-ignore
  });
});

describe('a run interrupted by a crash', () => {
  it('resumes with the stored evidence, without querying its sources again', async () => {
    const own = await TestServer.start();
    let tenant = await newTenant(own.url);
    const loki = await api(({ path }) =>
      path.endsWith('/labels')
        ? { status: 'success', data: [] }
        : lokiLines([
            [30, 'ok'],
            [2, 'connection pool exhausted'],
            [1, 'connection pool exhausted'],
          ]),
    );
    await connect(tenant, 'loki', { url: loki.url }, {});
    const release = await lockTable(own.database.url, 'findings', 'writers');
    const incidentId = await openIncident(tenant, INCIDENT);
    const stored = async () =>
      (await evidenceOf(tenant, incidentId)).filter(({ source }) => source === 'loki');
    const before = await until('the pulled evidence is stored', async () => {
      const evidence = await stored();
      return evidence.length > 0 && evidence;
    });
    const requestCount = loki.requests.length;
    await own.kill();
    const next = await TestServer.start({ database: own.database });
    tenant = { ...tenant, api: new Api(next.url, tenant.api.token) };
    await release();
    const run = await ended(tenant, incidentId);
    expect(run.steps.every(({ status }) => status === 'completed')).toBe(true);
    expect(await stored()).toEqual(before);
    expect(loki.requests).toHaveLength(requestCount);
    await next.stop();
    await own.stop();
  });
});
