import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoServerUrl } from '#kernel/config/demo-settings';
import { start } from '../start.js';
import { ALERTS, alertFrom } from './demo/alerts.js';
import { ApiError } from './demo/api-client.js';
import { connectRunner, createTenant, recordDeploys } from './demo/demo-tenant.js';
import { FakeRunner } from './demo/fake-runner.js';
import { LiveEvents } from './demo/live-events.js';
import { Screen } from './demo/screen.js';
import { Walkthrough } from './demo/walkthrough.js';

const HELP = `npm run demo                           shows the main flow on a temporary server
npm run demo -- --yes                  answers every question with yes
npm run demo -- --alert FILE           sends the alert in a file instead
CAUSEFLOW_URL=http://… npm run demo    uses a running server`;

/** Shows the main flow in the terminal, using only the public API. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      yes: { type: 'boolean', default: false },
      alert: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const custom = values.alert === undefined ? undefined : alertFrom(values.alert);
  const screen = new Screen(values.yes);
  const server = await openServer(screen);
  const runner = new FakeRunner();
  const events = new LiveEvents(({ timestamp, event, data }) => {
    screen.event(timestamp, event, data);
  });
  try {
    const tenant = await createTenant(server.url);
    screen.headline(`A tenant on ${server.url}, and all events on its stream:`);
    await events.open(server.url, tenant.api.token);
    await connectRunner(tenant.api, screen, runner);
    await recordDeploys(tenant.api);
    const walkthrough = new Walkthrough(tenant, events, screen);
    if (custom === undefined) await showMainFlow(walkthrough, screen);
    else await walkthrough.follow(custom, 'Your alert');
  } finally {
    events.close();
    runner.stop();
    await server.close();
  }
}

async function showMainFlow(walkthrough: Walkthrough, screen: Screen): Promise<void> {
  const follow = (alert: object, headline: string) => walkthrough.follow(JSON.stringify(alert), headline);
  await follow(ALERTS.afterDeploy, 'First alert: errors twelve minutes after a deploy');
  await follow(ALERTS.recurrence, 'Second alert: the same failure again');
  await follow(ALERTS.unknownService, 'Third alert: a service without any evidence');
  screen.headline('That was the whole flow. Every decision in it was yours.');
}

interface DemoServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The server at CAUSEFLOW_URL, or a temporary one. */
async function openServer(screen: Screen): Promise<DemoServer> {
  const url = demoServerUrl();
  if (url !== undefined) return { url, close: () => Promise.resolve() };
  screen.headline('Starting a temporary server with its own database (set CAUSEFLOW_URL to use yours)…');
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-demo-'));
  const settings = {
    DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'fatal',
    // The runner of the demo listens on this machine, which tenants may not call by default.
    OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8',
  };
  const starting = start(settings, (line) => {
    screen.line(line);
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= starting
      .then((server) => server.stop())
      .then(() => rmSync(dataDir, { recursive: true, force: true })));
  const stop = () => void close().finally(() => process.exit(1));
  // By default a signal would end this program and leave PostgreSQL running. npm passes each of them on again.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // The terminal was closed.
  process.stdout.on('error', stop);
  return { url: (await starting).url, close };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const message =
      error instanceof ApiError ? `The server refused: ${error.message}` : (error as Error).message;
    process.stderr.write(`\n${message}\n`);
    process.exit(1);
  },
);
