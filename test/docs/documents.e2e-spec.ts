import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant } from '../support/api.js';
import { AsyncApi } from '../support/asyncapi.js';
import { EventStream } from '../support/event-stream.js';
import { OpenApi } from '../support/openapi.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let openApi: OpenApi;
let asyncApi: AsyncApi;

beforeAll(async () => {
  server = await TestServer.start({ env: { RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1' } });
  openApi = await OpenApi.of(server.url);
  asyncApi = await AsyncApi.of(server.url);
});
afterAll(() => server.stop());

const committed = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8'));

describe('the API documents', () => {
  it('are served as committed in the repository', () => {
    expect(openApi.document).toEqual(committed('openapi.json'));
    expect(asyncApi.document).toEqual(committed('asyncapi.json'));
  });

  it('need no authentication and have no rate limit', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json', '/docs', '/docs/start.js', '/health/live']) {
      for (let i = 0; i < 3; i += 1) expect((await fetch(server.url + path)).status).toBe(200);
    }
  });
});

describe('the OpenAPI document', () => {
  it('is version 3.1, without syntax of 3.0', () => {
    expect(openApi.document.openapi).toBe('3.1.0');
    expect(JSON.stringify(openApi.document)).not.toContain('"nullable"');
  });

  it('gives each operation a unique id that can be a method name, a summary and one declared tag', () => {
    const names = openApi.operations.map(({ operationId }) => operationId);
    expect(names.filter((name) => !/^[a-z]+([A-Z][a-zA-Z]*)*$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    const declared = openApi.document.tags.map(({ name }) => name);
    for (const { summary, tags } of openApi.operations) {
      expect(summary).toMatch(/^[A-Z].*[^.]$/);
      expect(tags).toHaveLength(1);
      expect(declared).toEqual(expect.arrayContaining([...tags]));
    }
  });

  it('describes each tag', () => {
    const undescribed = openApi.document.tags.filter(({ description }) => !description);
    expect(undescribed).toEqual([]);
  });

  it('describes the successful response of each operation', () => {
    const undocumented = openApi.operations.filter(({ responses }) => {
      const successful = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      return !successful.some(
        ([status, { content }]) => status === '204' || Object.keys(content ?? {}).length > 0,
      );
    });
    expect(undocumented.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('documents the Location header of each 201', () => {
    const undocumented = openApi.operations.filter(
      ({ responses: { 201: created } }) => created && !created.headers?.['Location'],
    );
    expect(undocumented.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('documents the headers of each successful response: request id, rate limits, idempotent replay', () => {
    const successes = openApi.operations.flatMap(({ operationId, parameters = [], responses }) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .map(([, { headers = {} }]) => ({
          operationId,
          headers: Object.keys(headers),
          isLimited: '429' in responses,
          isIdempotent: parameters.some(({ name }) => name === 'Idempotency-Key'),
        })),
    );
    const wrong = successes.filter(
      ({ headers, isLimited, isIdempotent }) =>
        !headers.includes('X-Request-Id') ||
        headers.includes('X-RateLimit-Limit') !== isLimited ||
        headers.includes('X-RateLimit-Remaining') !== isLimited ||
        headers.includes('X-RateLimit-Reset') !== isLimited ||
        headers.includes('Idempotent-Replay') !== isIdempotent,
    );
    expect(wrong).toEqual([]);
    expect(successes.filter(({ isIdempotent }) => isIdempotent)).toHaveLength(4);
  });

  it('defines each enum once, so that generated clients get one type', () => {
    const enums = new Map<string, string[]>();
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { enum: values } = node as { enum?: (string | null)[] };
      if (Array.isArray(values) && values.length > 1) {
        const key = values.filter((value) => value !== null).join(', ');
        enums.set(key, [...(enums.get(key) ?? []), path]);
      }
      for (const [name, inner] of Object.entries(node)) walk(inner, `${path}/${name}`);
    };
    walk(openApi.document, '');
    expect([...enums].filter(([, paths]) => paths.length > 1)).toEqual([]);
    expect(enums.size).toBeGreaterThan(20);
  });

  it('has no union within a union, which generated clients would name after its place', () => {
    const nested: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { anyOf, oneOf } = node as Readonly<Record<string, object[] | undefined>>;
      if ((anyOf ?? oneOf)?.some((part) => 'anyOf' in part || 'oneOf' in part)) nested.push(path);
      for (const [name, inner] of Object.entries(node)) walk(inner, `${path}/${name}`);
    };
    walk(openApi.document, '');
    expect(nested).toEqual([]);
  });

  it('has a schema for each event of the event list, discriminated by its type', () => {
    const { PublishedEvent, EventPage } = openApi.document.components.schemas as Record<string, object>;
    const { mapping } = (PublishedEvent as { discriminator: { mapping: Record<string, string> } })
      .discriminator;
    expect(Object.keys(mapping)).toEqual(asyncApi.events);
    expect(EventPage).toMatchObject({
      properties: { items: { items: { $ref: '#/components/schemas/PublishedEvent' } } },
    });
    const id = 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE';
    for (const event of asyncApi.events) {
      const [example] = asyncApi.document.components.messages[event]?.examples ?? [];
      const published = { id, ...(example?.payload as object) };
      expect(openApi.faultsIn(PublishedEvent as object, published)).toEqual([]);
      expect(openApi.faultsIn({ $ref: mapping[event] }, published)).toEqual([]);
      for (const other of asyncApi.events.filter((name) => name !== event))
        expect(openApi.faultsIn({ $ref: mapping[other] }, published)).not.toEqual([]);
    }
  });

  it('documents an upload as text beside its JSON body', () => {
    const { content = {} } = openApi.operation('attachEvidence').requestBody ?? {};
    expect(content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/EvidenceBody' });
    for (const type of ['text/csv', 'application/x-ndjson'])
      expect(content[type]?.schema).toEqual({ type: 'string' });
  });

  // A generated client may send the token it holds by every scheme, and addresses end up in logs.
  it('has no credential in an address', () => {
    const { securitySchemes } = openApi.document.components;
    expect(Object.values(securitySchemes)).not.toContainEqual(expect.objectContaining({ in: 'query' }));
  });

  // Generated validators give it the type string[], which does not fit a list of words: they do not compile.
  it('has no list as a default', () => {
    const lists: string[] = [];
    JSON.stringify(openApi.document, (name, value: unknown) => {
      if (name === 'default' && Array.isArray(value)) lists.push(JSON.stringify(value));
      return value;
    });
    expect(lists).toEqual([]);
  });

  it('has no object schema without properties', () => {
    const shapeless: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type, properties, additionalProperties } = node as Record<string, unknown>;
      if ([type].flat().includes('object') && !properties && !additionalProperties) shapeless.push(path);
      for (const [name, inner] of Object.entries(node)) walk(inner, `${path}/${name}`);
    };
    walk(openApi.document, '');
    expect(shapeless).toEqual([]);
  });

  it('documents the errors of invalid input for each operation that has a body or a path parameter', () => {
    const withBody = openApi.operations.filter(
      ({ method, responses }) =>
        method !== 'GET' && !(responses['400'] && responses['413'] && responses['415']),
    );
    expect(withBody.map(({ operationId }) => operationId)).toEqual([]);
    const withPathParameter = openApi.operations.filter(
      ({ path, responses }) => path.includes('{') && !responses['400'],
    );
    expect(withPathParameter.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('documents no 403 for alert webhooks', () => {
    const forbidding = openApi.operations.filter(
      ({ tags, responses }) => tags.includes('alerts') && responses['403'],
    );
    expect(forbidding.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('documents 500 and 503 for each operation', () => {
    const undocumented = openApi.operations.filter(
      ({ responses }) => !(responses['500'] && responses['503']),
    );
    expect(undocumented.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('has a valid example of each JSON body and response', () => {
    const faults = openApi.operations.flatMap(({ operationId, requestBody, responses }) =>
      [requestBody, ...Object.values(responses)].flatMap((part) => {
        const json = part?.content?.['application/json'];
        if (!json) return [];
        if (json.example === undefined) return [`${operationId} has no example`];
        // The placeholder for a text field without an example.
        if (/"text\.*"/.test(JSON.stringify(json.example)))
          return [`${operationId} lacks the example of a field`];
        return openApi.faultsIn(json.schema, json.example).map((fault) => `${operationId} ${fault}`);
      }),
    );
    expect(faults).toEqual([]);
  });

  it('says which media types the files of the page have', async () => {
    const types = Object.keys(openApi.operation('getDocsFile').responses['200']?.content ?? {});
    for (const file of ['start.js', 'swagger-ui.css', 'favicon-32x32.png']) {
      const { headers } = await fetch(`${server.url}/docs/${file}`, { headers: { range: 'bytes=0-9' } });
      expect(types).toContain(headers.get('content-type')?.split(';')[0]);
    }
  });

  it('rejects undescribed fields', () => {
    const view = { $ref: '#/components/schemas/ErrorEnvelope' };
    const error = { error: 'not_found', message: 'No such incident.', requestId: 'x' };
    expect(openApi.faultsIn(view, error)).toEqual([]);
    expect(openApi.faultsIn(view, { ...error, stack: '' })).not.toEqual([]);
    expect(
      openApi.faultsIn(view, { ...error, details: [{ field: 'a', message: 'b', more: 1 }] }),
    ).not.toEqual([]);
  });

  it('has a valid example of each error code', () => {
    const { responses, schemas } = openApi.document.components;
    const codes = Object.values(responses).flatMap(({ content }) => {
      const { examples } = content['application/json'] as unknown as {
        examples: Record<string, { value: object }>;
      };
      for (const { value } of Object.values(examples)) {
        expect(openApi.faultsIn({ $ref: '#/components/schemas/ErrorEnvelope' }, value)).toEqual([]);
      }
      return Object.keys(examples);
    });
    expect(codes.sort()).toEqual([...(schemas['ErrorCode'] as { enum: string[] }).enum].sort());
  });

  it('gives each path parameter an example', () => {
    const missing = openApi.operations.flatMap(({ path, parameters = [] }) =>
      parameters
        .filter((parameter) => parameter.in === 'path' && !parameter.example)
        .map(({ name }) => `${path} ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

it('logs a warning if the class of an extension has the name of another one, since the document shows only one of them', async () => {
  const extended = await TestServer.start({
    database: server.database,
    main: 'test/docs/server-with-duplicate-class-name.mjs',
  });
  try {
    await OpenApi.of(extended.url);
    await until('the warning is logged', () =>
      extended.log.includes('Several classes are called RegisterBody'),
    );
  } finally {
    await extended.stop();
  }
});

describe('the AsyncAPI document', () => {
  it('has a message for each of the 22 public events, on the only channel', () => {
    expect(asyncApi.events).toHaveLength(22);
    const [stream, ...more] = Object.values(asyncApi.document.channels);
    expect(stream?.address).toBe('/v1/notifications/stream');
    expect(Object.keys(stream?.messages ?? {})).toEqual([...asyncApi.events, ...asyncApi.controlFrames]);
    expect(more).toEqual([]);
  });

  it('has a message for each frame without an event, as the stream sends it', async () => {
    expect(asyncApi.controlFrames).toEqual(['ping', 'stream.truncated']);
    const { api } = await newTenant(server.url);
    const stream = await EventStream.open(api, '?lastEventId=evt_01HX9VTPQR3KF8MZWBYD5N6JCE');
    const { id, event, data } = await stream.waitFor('stream.truncated');
    stream.close();
    expect(id).toBeUndefined();
    expect(asyncApi.faultsOf(event, data)).toEqual([]);
    expect(asyncApi.faultsOf(event, { ...data, more: 1 })).not.toEqual([]);
    expect(asyncApi.faultsOf('ping', {})).toEqual([]);
    expect(asyncApi.faultsOf('ping', { more: 1 })).not.toEqual([]);
  });

  it('gives each message and its data a unique title that can be a class name', () => {
    const titles = Object.values(asyncApi.document.components.messages).flatMap(({ payload }) => {
      const { title, properties } = payload as { title: string; properties?: { data?: { title: string } } };
      return [title, properties?.data?.title ?? []].flat();
    });
    expect(titles.filter((title) => !/^[A-Z][A-Za-z]+$/.test(title))).toEqual([]);
    expect(new Set(titles).size).toBe(46);
  });

  it('has a valid example of each message, and rejects an invalid one', () => {
    for (const [event, { examples }] of Object.entries(asyncApi.document.components.messages)) {
      const [example] = examples;
      expect(asyncApi.faultsOf(event, example?.payload)).toEqual([]);
      expect(asyncApi.faultsOf(event, { ...(example?.payload as object), data: {} })).not.toEqual([]);
      expect(asyncApi.faultsOf(event, { ...(example?.payload as object), more: 1 })).not.toEqual([]);
    }
  });
});

describe('the documentation page', () => {
  it('loads only its own files, enforced by its content security policy', async () => {
    const page = await fetch(`${server.url}/docs`);
    const html = await page.text();
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources).toHaveLength(4);
    for (const source of sources) {
      expect(source).toMatch(/^\/docs\//);
      expect((await fetch(server.url + source)).status).toBe(200);
    }
    expect(html).not.toMatch(/<script>|<style>| on\w+=/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
  });

  it.each(['package.json', '..%2fpackage.json', '..%2f..%2f..%2fpackage.json', 'swagger-ui.js.map'])(
    'does not serve %s',
    async (file) => {
      const response = await fetch(`${server.url}/docs/${file}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toMatchObject({ error: 'not_found' });
    },
  );
});
