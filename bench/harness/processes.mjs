import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const READY_WITHIN_MS = 30_000;
const logs = mkdtempSync(join(tmpdir(), 'causeflow-bench-logs-'));
const running = new Set();
let startedCount = 0;

/**
 * Starts a program and waits until it has logged `ready on http://…`, or until its port accepts connections.
 * @returns {Promise<{ url: string, pid: number, readyMs: number, log: () => string, stop: () => Promise<void> }>}
 */
export async function startProcess(command, args, { env = {}, port } = {}) {
  // Logs go to a file: with a pipe, this process would have to read them during the measurement.
  const file = join(logs, `${(startedCount += 1)}.log`);
  const out = openSync(file, 'a');
  const startedAt = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', out, out],
    env: { PATH: process.env.PATH, ...env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const log = () => readFileSync(file, 'utf8');
  for (;;) {
    const url = port ? await urlOnceListening(port) : /ready on (http:\S+)/.exec(log())?.[1];
    if (url)
      return { url, pid: child.pid, readyMs: performance.now() - startedAt, log, stop: () => stop(child) };
    if (hasExited(child)) throw new Error(`${command} ${args.join(' ')} exited:\n${log()}`);
    if (performance.now() - startedAt > READY_WITHIN_MS)
      throw new Error(`${command} was not ready:\n${log()}`);
    await sleep(10);
  }
}

function urlOnceListening(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => resolve(`http://127.0.0.1:${port}`));
    socket.once('error', () => resolve(undefined)).once('connect', () => socket.destroy());
  });
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** @returns the path of a program, undefined if it is not installed */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function hasExited(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child) {
  if (hasExited(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** A folder that is removed when the bench ends. */
export function makeTempFolder(name) {
  return mkdtempSync(join(logs, `${name}-`));
}

/** Stops all processes that are still running. */
export async function stopAll() {
  await Promise.all([...running].map(stop));
}

export function removeLogs() {
  rmSync(logs, { recursive: true, force: true });
}

/** Secrets of the product. insert-tenants.mjs encrypts with the same key. */
export const SECRETS = {
  JWT_SECRET: randomBytes(32).toString('base64url'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
};

let profiling = [];

/** Has every product process started from now on write a CPU profile into the folder when it exits. */
export function profileInto(folder) {
  profiling = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/**
 * Fills an empty database by `npm run seed`, ten events per incident.
 * @returns the email address and password of each tenant's admin
 */
export async function seed(databaseUrl, { incidents, tenants }) {
  const amounts = { incidents, events: incidents * 10, tenants };
  const args = Object.entries(amounts).flatMap(([name, amount]) => [`--${name}`, String(amount)]);
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli/seed.js', ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
  });
  const [, password] = /with (\S+)/.exec(stdout);
  return Array.from({ length: tenants }, (_, i) => ({ email: `seed-${i + 1}@example.test`, password }));
}

/** The product as shipped. Rate limits are out of reach, but the limiter still runs for every request. */
export function startProduct(databaseUrl, env = {}) {
  return startProcess(process.execPath, [...profiling, 'dist/main.js'], {
    env: {
      PORT: '0',
      HOST: '127.0.0.1',
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      SIGNUP_ENABLED: 'true',
      RATE_LIMIT_INGEST_PER_MINUTE: '100000000',
      RATE_LIMIT_PRO_PER_MINUTE: '100000000',
      RATE_LIMIT_ENTERPRISE_PER_MINUTE: '100000000',
      RATE_LIMIT_ANONYMOUS_PER_MINUTE: '100000000',
      ...SECRETS,
      ...env,
    },
  });
}
