import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let tenant: TenantUser;
let path: string;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  const { body } = await tenant.api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' });
  path = `/v1/incidents/${String(body['incidentId'])}/evidence`;
});
afterAll(() => server.stop());

const upload = (
  type: string,
  body: string,
  query = '?type=metric&source=test',
  headers: Record<string, string> = {},
): Promise<Answer> => tenant.api.post(path + query, body, { headers: { 'content-type': type, ...headers } });

async function rowsOf(evidenceId: unknown): Promise<unknown[]> {
  const chunks = await sql<{ content: unknown[] }>(
    server.database.url,
    'SELECT content FROM incident_evidence_chunks WHERE evidence_id = $1 ORDER BY chunk',
    [evidenceId],
    tenant.tenantId,
  );
  return chunks.flatMap(({ content }) => content);
}

const ENTITY = 'api'.repeat(200);
const UPLOADS = [
  ['text/csv', 'timestamp,entity,metric,value\n', `1772366400,${ENTITY},cpu,0.5\n`],
  ['application/x-ndjson', '', `{"timestamp":1772366400,"entity":"${ENTITY}","metric":"cpu","value":0.5}\n`],
] as const;

describe('evidence', () => {
  it('is attached as JSON: a text, an object or rows', async () => {
    const contents = ['Restarted the pod by hand', { reason: 'OOMKilled' }, [{ a: 1 }, { b: 2 }]];
    for (const content of contents) {
      const answer = await tenant.api.post(path, { type: 'note', source: 'a person', content });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        evidenceId: expect.stringMatching(/^evd_/),
        type: 'note',
        source: 'a person',
        accepted: Array.isArray(content) ? 2 : 1,
        rejected: [],
      });
    }
  });

  it('is uploaded as CSV, with the rejected lines in the response', async () => {
    const answer = await upload(
      'text/csv; charset=utf-8',
      '\uFEFFtimestamp, entity ,metric,value,pod\n2026-03-01T12:00:00Z,api,cpu,0.5,api-1\nnever,api,cpu,1,x\n\n1772366400,"a,b",cpu,2,\n',
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      accepted: 2,
      rejected: [{ line: 3, message: 'has an unreadable timestamp' }],
    });
    expect(await rowsOf(answer.body['evidenceId'])).toEqual([
      { timestamp: 1772366400000, entity: 'api', metric: 'cpu', value: 0.5, pod: 'api-1' },
      { timestamp: 1772366400000, entity: 'a,b', metric: 'cpu', value: 2, pod: '' },
    ]);
  });

  it('has times in UTC if they have no zone, whatever the time zone of the server', async () => {
    const tokyo = await TestServer.start({ database: server.database, env: { TZ: 'Asia/Tokyo' } });
    try {
      const table =
        'timestamp,entity,metric,value\n2026-03-01 12:00:00,api,cpu,0.5\n2026-03-01T13:00:00+01:00,api,cpu,1\n';
      const { body } = await new Api(tokyo.url, tenant.api.token).post(
        `${path}?type=metric&source=test`,
        table,
        {
          headers: { 'content-type': 'text/csv' },
        },
      );
      const noon = { timestamp: Date.UTC(2026, 2, 1, 12), entity: 'api', metric: 'cpu' };
      expect(await rowsOf(body['evidenceId'])).toEqual([
        { ...noon, value: 0.5 },
        { ...noon, value: 1 },
      ]);
    } finally {
      await tokyo.stop();
    }
  });

  it('is uploaded as NDJSON', async () => {
    const log = (message: string): string =>
      JSON.stringify({ timestamp: 1772366400, entity: 'api', level: 'error', message });
    const answer = await upload(
      'application/x-ndjson',
      `${log('one')}\n{broken\n\n${log('two 🔥')}`,
      '?type=log&source=loki',
    );
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ line: 2 }] });
    expect(
      (await rowsOf(answer.body['evidenceId'])).map((row) => (row as { message: string }).message),
    ).toEqual(['one', 'two 🔥']);
  });

  it('names at most 20 bad lines', async () => {
    const answer = await upload(
      'application/x-ndjson',
      `{"caller":"a","callee":"b"}\n${'{}\n'.repeat(50)}`,
      '?type=topology&source=x',
    );
    expect([answer.status, (answer.body['rejected'] as unknown[]).length]).toEqual([201, 20]);
  });

  it('is listed, oldest first, a page at a time', async () => {
    const all = await tenant.api.get<{ items: { evidenceId: string }[] }>(`${path}?limit=100`);
    const first = await tenant.api.get<{ items: { evidenceId: string }[]; nextCursor: string }>(
      `${path}?limit=2`,
    );
    const second = await tenant.api.get<{ items: { evidenceId: string }[] }>(
      `${path}?limit=100&cursor=${first.body.nextCursor}`,
    );
    expect([...first.body.items, ...second.body.items]).toEqual(all.body.items);
  });

  it('is refused, and nothing is stored, if no row is usable or the format is wrong', async () => {
    const [before] = await sql<{ n: number }>(
      server.database.url,
      'SELECT count(*)::int AS n FROM incident_evidence_chunks',
      [],
      tenant.tenantId,
    );
    const refusals = [
      await upload('text/csv', 'timestamp,entity\n1,2\n'),
      await upload('text/csv', ''),
      await upload('text/csv', 'timestamp,entity,metric,value\n1,"broken'),
      await upload('application/x-ndjson', '[]\n"x"\n'),
      await upload('text/csv', 'a\n1', ''),
      await upload('text/csv', 'a\n1', '?type=rumour&source=x'),
      await upload('multipart/form-data; boundary=x', '--x--'),
      await upload('text/plain', 'x'),
      await upload('text/csv', 'timestamp,message\n1,x\n', undefined, { 'content-encoding': 'gzip' }),
      await tenant.api.post(path, { type: 'note', source: 'x' }),
      await tenant.api.post(path, { type: 'note', source: 'x', content: '' }),
      await tenant.api.post(path, { type: 'log', source: 'x', content: [] }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([
      400, 400, 400, 400, 400, 400, 415, 415, 415, 400, 400, 400,
    ]);
    const [after] = await sql<{ n: number }>(
      server.database.url,
      'SELECT count(*)::int AS n FROM incident_evidence_chunks',
      [],
      tenant.tenantId,
    );
    expect(after).toEqual(before);
  });

  it('may have 32 MiB and no more, with constant memory', async () => {
    const row = `1772366400,api,cpu,0.5,${'x'.repeat(970)}\n`;
    const rows = Math.floor((31 * 1024 * 1024) / row.length);
    const memory = (): number => {
      const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
      return Number(kib) / 1024;
    };
    await upload('text/csv', `timestamp,entity,metric,value,note\n${row.repeat(2000)}`);
    const before = memory();
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, memory())), 10);
    const answer = await upload('text/csv', `timestamp,entity,metric,value,note\n${row.repeat(rows)}`);
    clearInterval(watch);
    expect([answer.status, answer.body['accepted']]).toEqual([201, rows]);
    expect(peak - before).toBeLessThan(64);

    const tooLarge = await upload(
      'text/csv',
      `timestamp,entity,metric,value,note\n${row.repeat(rows + 3000)}`,
    );
    expect([tooLarge.status, tooLarge.body['error']]).toEqual([413, 'payload_too_large']);
  });

  it('is stored in chunks of about half a megabyte, even if its rows are large', async () => {
    const row = JSON.stringify({ kind: 'pod', entity: 'api', conditions: ['x'.repeat(300 * 1024)] });
    const { body } = await upload(
      'application/x-ndjson',
      `${row}\n`.repeat(10),
      '?type=platform_event&source=test',
    );
    expect(body['accepted']).toBe(10);
    const chunks = await sql<{ bytes: number }>(
      server.database.url,
      'SELECT octet_length(content::text) AS bytes FROM incident_evidence_chunks WHERE evidence_id = $1',
      [body['evidenceId']],
      tenant.tenantId,
    );
    expect(Math.max(...chunks.map(({ bytes }) => bytes))).toBeLessThan(1024 * 1024);
  });

  it.each(UPLOADS)(
    'stores nothing of an upload of %s that is cut off, and logs no error',
    async (type, head, row) => {
      const chunks = async (): Promise<number> => {
        const sought = 'SELECT count(*)::int AS n FROM incident_evidence_chunks';
        const [found] = await sql<{ n: number }>(server.database.url, sought, [], tenant.tenantId);
        return found?.n ?? 0;
      };
      const before = await chunks();
      const broken = request(`${server.url}${path}?type=metric&source=test`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.api.token ?? ''}`, 'content-type': type },
      });
      broken.on('error', () => undefined);
      broken.write(head + row.repeat(5_000));
      await until('some of it is stored', async () => (await chunks()) > before);
      broken.destroy();
      await until('it is gone again', async () => (await chunks()) === before);
      expect(server.log).not.toMatch(/"level":"(error|fatal)"/);
    },
  );

  it('is refused, and nothing is stored, if its incident is deleted during the upload', async () => {
    const { body } = await tenant.api.post('/v1/incidents', {
      title: 'x',
      description: 'x',
      severity: 'info',
    });
    const incidentId = String(body['incidentId']);
    const stored = async (): Promise<number> => {
      const [found] = await sql<{ n: number }>(
        server.database.url,
        `SELECT (SELECT count(*) FROM incident_evidence_chunks)::int
              + (SELECT count(*) FROM incident_evidence)::int AS n`,
        [],
        tenant.tenantId,
      );
      return found?.n ?? 0;
    };
    const before = await stored();
    const sent = request(`${server.url}/v1/incidents/${incidentId}/evidence?type=metric&source=test`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.api.token ?? ''}`, 'content-type': 'text/csv' },
    });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    const [, head, row] = UPLOADS[0];
    sent.write(head + row.repeat(5_000));
    await until('some of it is stored', async () => (await stored()) > before);
    await sql(
      server.database.url,
      'DELETE FROM incidents WHERE incident_id = $1',
      [incidentId],
      tenant.tenantId,
    );
    sent.end(row);
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(404);
    expect(await stored()).toBe(before);
  });

  /** Like a client that reads the response only after sending everything. @returns the status */
  const sendAll = async (type: string, body: string): Promise<number | undefined> => {
    const sent = request(`${server.url}${path}?type=metric&source=test`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.api.token ?? ''}`, 'content-type': type },
    });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.write(body);
    sent.end();
    await until('all of it is sent', () => sent.writableFinished);
    const [answer] = await answered;
    answer.resume();
    return answer.statusCode;
  };

  it.each(UPLOADS)('as %s of unknown size that is too large is read to its end', async (type, head, row) => {
    const rows = Math.floor((48 * 1024 * 1024) / row.length);
    expect(await sendAll(type, head + row.repeat(rows))).toBe(413);
  });

  it.each<[number, string, () => string]>([
    [413, 'text/csv', () => tenant.api.token ?? ''],
    [415, 'application/pdf', () => tenant.api.token ?? ''],
    [401, 'text/csv', () => 'no token'],
  ])('is refused readably at the end of a connection: %i', async (status, type, token) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').pause();
    const body = 'x'.repeat(33 * 1024 * 1024);
    const head = [`POST ${path}?type=metric&source=test HTTP/1.1`, 'Host: x', 'Connection: close']
      .concat(`Authorization: Bearer ${token()}`, `Content-Type: ${type}`, `Content-Length: ${body.length}`)
      .join('\r\n');
    let received = '';
    socket.on('data', (bytes: Buffer) => (received += String(bytes)));
    const ended = once(socket.pause(), 'end');
    // It reads the response only after it has written everything.
    await new Promise((written) => socket.write(`${head}\r\n\r\n${body}`, written));
    socket.resume();
    await ended;
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each(UPLOADS)('as %s is read to its end when it cannot be stored', async (type, head, row) => {
    const full = (change: string): Promise<unknown> =>
      sql(server.database.url, `ALTER TABLE incident_evidence_chunks ${change}`);
    await full('ADD CONSTRAINT no_more CHECK (chunk < 1) NOT VALID');
    try {
      const rows = Math.floor((31 * 1024 * 1024) / row.length);
      expect(await sendAll(type, head + row.repeat(rows))).toBe(500);
    } finally {
      await full('DROP CONSTRAINT no_more');
    }
  });
});
