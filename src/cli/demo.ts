import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoServerUrl } from '#kernel/config/demo-settings';
import { start } from '../start.js';
import { ALERTS, alertFrom } from './demo/alerts.js';
import { CallFailed } from './demo/caller.js';
import { LiveEvents } from './demo/live-events.js';
import { PretendRunner } from './demo/pretend-runner.js';
import { Screen } from './demo/screen.js';
import { Story } from './demo/story.js';

const HELP = `npm run demo                    plays the main job on a server of its own
npm run demo -- --yes           approves everything by itself
npm run demo -- --alert FILE    sends the alert of a file instead
CAUSEFLOW_URL=http://… npm run demo    plays it on a server that runs already`;

/** Plays the main flow in the terminal, using only the public API. */
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
  const stage = await setStage(screen);
  const runner = new PretendRunner();
  const events = new LiveEvents(({ timestamp, event, data }) => {
    screen.event(timestamp, event, data);
  });
  try {
    const story = await Story.begin(stage.url, { screen, events, runner });
    if (custom === undefined) await playAll(story, screen);
    else await story.tell(custom, 'Your alert');
  } finally {
    events.close();
    runner.stop();
    await stage.clear();
  }
}

async function playAll(story: Story, screen: Screen): Promise<void> {
  await story.tell(JSON.stringify(ALERTS.afterDeploy), 'First alert: errors twelve minutes after a deploy');
  await story.tell(JSON.stringify(ALERTS.again), 'Second alert: the same trouble again');
  await story.tell(JSON.stringify(ALERTS.outOfTheBlue), 'Third alert: one about which nothing is known');
  screen.headline('That was the whole flow. Nothing was invented, and nobody acted but you.');
}

interface Stage {
  readonly url: string;
  clear(): Promise<void>;
}

async function setStage(screen: Screen): Promise<Stage> {
  const url = demoServerUrl();
  if (url !== undefined) return { url, clear: () => Promise.resolve() };
  screen.headline('Starting a server with a database of its own (CAUSEFLOW_URL plays on yours instead)…');
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-demo-'));
  const settings = {
    DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'fatal',
    // The runner of the demo listens on this machine, which tenants may not call by default.
    OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8',
  };
  const server = await start(settings, (line) => {
    screen.line(line);
  });
  return {
    url: server.url,
    clear: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const said =
      error instanceof CallFailed ? `The server refused: ${error.message}` : (error as Error).message;
    process.stderr.write(`\n${said}\n`);
    process.exit(1);
  },
);
