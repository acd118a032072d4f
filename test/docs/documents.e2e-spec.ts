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

const kept = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8'));

describe('the API documents', () => {
  it('are served as they are kept in the repository', () => {
    expect(openApi.document).toEqual(kept('openapi.json'));
    expect(asyncApi.document).toEqual(kept('asyncapi.json'));
  });

  it('are open to everybody, as often as they like', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json', '/docs', '/docs/start.js', '/health/live']) {
      for (let i = 0; i < 3; i += 1) expect((await fetch(server.url + path)).status).toBe(200);
    }
  });
});

describe('the OpenAPI document', () => {
  it('is version 3.1, and has nothing of 3.0 left', () => {
    expect(openApi.document.openapi).toBe('3.1.0');
    expect(JSON.stringify(openApi.document)).not.toContain('"nullable"');
  });

  it('gives each operation a name of its own that makes a method of a client, a summary and a tag', () => {
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
    const bare = openApi.document.tags.filter(({ description }) => !description);
    expect(bare).toEqual([]);
  });

  it('says of each operation what it answers when it succeeds', () => {
    const silent = openApi.operations.filter(({ responses }) => {
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      return !good.some(([status, { content }]) => status === '204' || Object.keys(content ?? {}).length > 0);
    });
    expect(silent.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('says of whatever is made where it is read', () => {
    const silent = openApi.operations.filter(
      ({ responses: { 201: created } }) => created && !created.headers?.['Location'],
    );
    expect(silent.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('says of each answer where the caller stands, and of one that can be had again that it is the first', () => {
    const answers = openApi.operations.flatMap(({ operationId, parameters = [], responses }) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .map(([, { headers = {} }]) => ({
          operationId,
          has: Object.keys(headers),
          is: {
            limited: '429' in responses,
            repeatable: parameters.some(({ name }) => name === 'Idempotency-Key'),
          },
        })),
    );
    const other = answers.filter(
      ({ has, is }) =>
        !has.includes('X-Request-Id') ||
        has.includes('X-RateLimit-Limit') !== is.limited ||
        has.includes('X-RateLimit-Remaining') !== is.limited ||
        has.includes('X-RateLimit-Reset') !== is.limited ||
        has.includes('Idempotent-Replay') !== is.repeatable,
    );
    expect(other).toEqual([]);
    expect(answers.filter(({ is }) => is.repeatable)).toHaveLength(4);
  });

  it('writes no set of words out twice: each would be another type of a generated client', () => {
    const sets = new Map<string, string[]>();
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { enum: words } = node as { enum?: (string | null)[] };
      if (Array.isArray(words) && words.length > 1) {
        const set = words.filter((word) => word !== null).join(', ');
        sets.set(set, [...(sets.get(set) ?? []), path]);
      }
      for (const [name, inner] of Object.entries(node)) walk(inner, `${path}/${name}`);
    };
    walk(openApi.document, '');
    expect([...sets].filter(([, places]) => places.length > 1)).toEqual([]);
    expect(sets.size).toBeGreaterThan(20);
  });

  it('has a schema for each event that is read, which its name alone tells from the others', () => {
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
      const read = { id, ...(example?.payload as object) };
      expect(openApi.faultsIn(PublishedEvent as object, read)).toEqual([]);
      expect(openApi.faultsIn({ $ref: mapping[event] }, read)).toEqual([]);
      for (const other of asyncApi.events.filter((name) => name !== event))
        expect(openApi.faultsIn({ $ref: mapping[other] }, read)).not.toEqual([]);
    }
  });

  it('says of an upload that it is a text, whatever the body is as JSON', () => {
    const { content = {} } = openApi.operation('attachEvidence').requestBody ?? {};
    expect(content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/EvidenceBody' });
    for (const type of ['text/csv', 'application/x-ndjson'])
      expect(content[type]?.schema).toEqual({ type: 'string' });
  });

  it('has no object of which a generated client could read nothing', () => {
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

  it('says of each operation that what it is sent may be refused before anybody asks whether it is wanted', () => {
    const unheard = openApi.operations.filter(
      ({ method, responses }) =>
        method !== 'GET' && !(responses['400'] && responses['413'] && responses['415']),
    );
    expect(unheard.map(({ operationId }) => operationId)).toEqual([]);
    const unreadable = openApi.operations.filter(
      ({ path, responses }) => path.includes('{') && !responses['400'],
    );
    expect(unreadable.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('says of no webhook that its sender may be forbidden to call it', () => {
    const forbidding = openApi.operations.filter(
      ({ tags, responses }) => tags.includes('alerts') && responses['403'],
    );
    expect(forbidding.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('says of each operation that it may fail, and that PostgreSQL may be away', () => {
    const certain = openApi.operations.filter(({ responses }) => !(responses['500'] && responses['503']));
    expect(certain.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('shows an example of every JSON body and answer, valid by its own schema', () => {
    const faults = openApi.operations.flatMap(({ operationId, requestBody, responses }) =>
      [requestBody, ...Object.values(responses)].flatMap((part) => {
        const json = part?.content?.['application/json'];
        if (!json) return [];
        if (json.example === undefined) return [`${operationId} shows no example`];
        // What stands in for the example of a text field that has none.
        if (/"text\.*"/.test(JSON.stringify(json.example)))
          return [`${operationId} lacks the example of a field`];
        return openApi.faultsIn(json.schema, json.example).map((fault) => `${operationId} ${fault}`);
      }),
    );
    expect(faults).toEqual([]);
  });

  it('takes a field that nobody described for a fault', () => {
    const view = { $ref: '#/components/schemas/ErrorEnvelope' };
    const error = { error: 'not_found', message: 'No such incident.', requestId: 'x' };
    expect(openApi.faultsIn(view, error)).toEqual([]);
    expect(openApi.faultsIn(view, { ...error, stack: '' })).not.toEqual([]);
    expect(
      openApi.faultsIn(view, { ...error, details: [{ field: 'a', message: 'b', more: 1 }] }),
    ).not.toEqual([]);
  });

  it('shows an example of every error code, in the one shape', () => {
    const { responses, schemas } = openApi.document.components;
    const shown = Object.values(responses).flatMap(({ content }) => {
      const { examples } = content['application/json'] as unknown as {
        examples: Record<string, { value: object }>;
      };
      for (const { value } of Object.values(examples)) {
        expect(openApi.faultsIn({ $ref: '#/components/schemas/ErrorEnvelope' }, value)).toEqual([]);
      }
      return Object.keys(examples);
    });
    expect(shown.sort()).toEqual([...(schemas['ErrorCode'] as { enum: string[] }).enum].sort());
  });

  it('gives each path parameter an example', () => {
    const bare = openApi.operations.flatMap(({ path, parameters = [] }) =>
      parameters
        .filter((parameter) => parameter.in === 'path' && !parameter.example)
        .map(({ name }) => `${path} ${name}`),
    );
    expect(bare).toEqual([]);
  });
});

it('an extension whose class has the name of another one is told that the document shows but one of them', async () => {
  const extended = await TestServer.start({
    database: server.database,
    main: 'test/docs/server-with-a-namesake.mjs',
  });
  try {
    await OpenApi.of(extended.url);
    await until('it is told', () => extended.log.includes('Several classes are called RegisterBody'));
  } finally {
    await extended.stop();
  }
});

describe('the AsyncAPI document', () => {
  it('has a message for each of the 22 public events, on the one channel there is', () => {
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

  it('calls each message and what it carries by a name that can be a class', () => {
    const titles = Object.values(asyncApi.document.components.messages).flatMap(({ payload }) => {
      const { title, properties } = payload as { title: string; properties?: { data?: { title: string } } };
      return [title, properties?.data?.title ?? []].flat();
    });
    expect(titles.filter((title) => !/^[A-Z][A-Za-z]+$/.test(title))).toEqual([]);
    expect(new Set(titles).size).toBe(46);
  });

  it('shows a valid example of each, and refuses what is none', () => {
    for (const [event, { examples }] of Object.entries(asyncApi.document.components.messages)) {
      const [example] = examples;
      expect(asyncApi.faultsOf(event, example?.payload)).toEqual([]);
      expect(asyncApi.faultsOf(event, { ...(example?.payload as object), data: {} })).not.toEqual([]);
      expect(asyncApi.faultsOf(event, { ...(example?.payload as object), more: 1 })).not.toEqual([]);
    }
  });
});

describe('the page', () => {
  it('loads everything from here, by a policy that allows nothing else', async () => {
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
    'has no file %s',
    async (file) => {
      const answer = await fetch(`${server.url}/docs/${file}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('cache-control')).toBeNull();
      expect(await answer.json()).toMatchObject({ error: 'not_found' });
    },
  );
});
