import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Api } from '../support/api.js';
import { freePorts } from '../support/free-ports.js';
import { CHECKOUT, TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ReconnectingReader, newWorkload, type Workload, sendAlerts, findViolations } from './traffic.js';

const isInstalled = (command: string): boolean => spawnSync(command, ['-v']).status === 0;

const DOCUMENT = readFileSync(join(CHECKOUT, 'docs/scaling-proxy.md'), 'utf8');

/** The examples of docs/scaling-proxy.md for one proxy. */
const examples = (language: string): string[] =>
  [...DOCUMENT.matchAll(new RegExp('```' + language + '\\n([^`]*)```', 'g'))].map(([, code = '']) => code);

function withPorts(code: string, port: number, replicas: readonly TestServer[]): string {
  return replicas.reduce(
    (so, { url }, n) => so.replaceAll(`127.0.0.1:300${n + 1}`, new URL(url).host),
    code.replace('127.0.0.1:8080', `127.0.0.1:${port}`),
  );
}

/** nginx needs writable paths and an http block; started by root its workers would run as `nobody`, who may not read the directory. */
const inHttpBlock = (dir: string, code: string): string => `
  ${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${dir}/pid; error_log ${dir}/errors; worker_processes 1; events {}
  http { access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f;
    uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s; ${code} }`;

let replicas: TestServer[];
let dir: string;
let proxy: ChildProcess | undefined;
beforeEach(async () => {
  const first = await TestServer.start({ env: { TRUST_PROXY: '1' } });
  const { database } = first;
  const others = [1, 2].map(() => TestServer.start({ database, env: { TRUST_PROXY: '1' } }));
  replicas = [first, ...(await Promise.all(others))];
  dir = mkdtempSync(join(tmpdir(), 'causeflow-proxy-'));
});
afterEach(async () => {
  if (proxy?.exitCode === null && proxy.signalCode === null) {
    const ended = once(proxy, 'exit');
    proxy.kill('SIGTERM');
    await ended;
  }
  proxy = undefined;
  for (const replica of [...replicas].reverse()) await replica.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(command: 'nginx' | 'haproxy', example = examples(command)[0] ?? ''): Promise<string> {
  const [port = 0] = await freePorts(1);
  const file = join(dir, 'config');
  const code = withPorts(example, port, replicas);
  writeFileSync(file, command === 'nginx' ? inHttpBlock(dir, code) : code);
  const args = command === 'nginx' ? ['-c', file, '-e', join(dir, 'errors')] : ['-db', '-f', file];
  proxy = spawn(command, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(`${command} answers`, async () => (await new Api(url).get('/health/ready')).status === 200);
  return url;
}

/** How many alerts each replica has accepted. */
function accepted(): Promise<number[]> {
  return Promise.all(
    replicas.map(async ({ url }) => {
      const { body } = await new Api(url).get<string>('/metrics');
      return Number(/^causeflow_alerts_total\{[^}]*outcome="accepted"[^}]*\} (\d+)/m.exec(body)?.[1] ?? 0);
    }),
  );
}

describe.each(['nginx', 'haproxy'] as const)('the example for %s', (command) => {
  const isThere = isInstalled(command);
  if (!isThere) process.stderr.write(`\nNO ${command} ON THE PATH: its example is NOT TESTED\n`);

  (isThere ? it : it.skip)(
    'balances the load, does not buffer streams, and survives the loss of a replica',
    async () => {
      const url = await start(command);
      const workload = await newWorkload(url);
      const readers = [0, 1, 2].map(() => new ReconnectingReader([{ url }], workload.tenant, 0));
      await until('all readers are connected', () => readers.every(({ isOpen }) => isOpen));
      await Promise.all([1, 2, 3, 4].map((n) => sendAlerts(workload, [{ url }], 40, `${command}-${n}`)));
      for (const share of await accepted()) expect(share).toBeGreaterThan(0);

      const rows = `timestamp,entity,message\n${'1767225600,checkout,timed out\n'.repeat(70_000)}`;
      const { body: incident } = await workload.tenant.api.post('/v1/incidents', {
        title: 'x',
        description: 'x',
      });
      const upload = `/v1/incidents/${String(incident['incidentId'])}/evidence?type=log&source=loki`;
      const headers = { 'content-type': 'text/csv' };
      expect((await workload.tenant.api.post(upload, rows, { headers })).status).toBe(201);

      const sending = Promise.all([1, 2].map((n) => sendAlerts(workload, [{ url }], 100, `kill-${n}`)));
      await until('some are sent', () => workload.acknowledged.length > 200);
      await replicas[2]?.kill();
      await sending;
      expect(
        await findViolations(
          replicas[0]?.database as TestServer['database'],
          [workload],
          new Map<Workload, ReconnectingReader[]>([[workload, readers]]),
        ),
      ).toEqual([]);
      await Promise.all(readers.map((reader) => reader.close()));
    },
  );
});

describe('the example for the alerts of a tenant', () => {
  (isInstalled('haproxy') ? it : it.skip)(
    'sends them to one replica, and to another one when that is gone',
    async () => {
      const [all = '', alerts = ''] = examples('haproxy');
      const [, rule = ''] = /`(use_backend [^`]+)`/.exec(DOCUMENT) ?? [];
      const url = await start('haproxy', `${all.replace(/^frontend .*$/m, `$&\n  ${rule}`)}\n${alerts}`);
      const workload = await newWorkload(url);
      await sendAlerts(workload, [{ url }], 20, 'first');
      const shares = await accepted();
      expect(shares.filter((share) => share > 0)).toEqual([20]);

      await replicas[shares.indexOf(20)]?.kill();
      await sendAlerts(workload, [{ url }], 20, 'then');
      const living = replicas.find((_, n) => shares[n] === 0) as TestServer;
      expect(await findViolations(living.database, [workload], new Map())).toEqual([]);
    },
  );
});
