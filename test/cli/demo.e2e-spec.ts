import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../support/program.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await TestServer.start();
  folder = mkdtempSync(join(tmpdir(), 'causeflow-demo-test-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.stop();
});

interface DemoRun {
  readonly code: number | null;
  readonly screen: string;
}

/** @param answers what the user types, line by line, unless the input has ended */
function runDemo(
  args: readonly string[],
  answers?: readonly string[] | 'ended',
  url = server.url,
): Promise<DemoRun> {
  const child = spawn(process.execPath, ['dist/cli/demo.js', ...args], {
    env: { CAUSEFLOW_URL: url, NO_COLOR: '1' },
  });
  let screen = '';
  if (answers === 'ended') child.stdin.end();
  const remaining = Array.isArray(answers) ? [...(answers as readonly string[])] : undefined;
  const onOutput = (chunk: Buffer): void => {
    screen += String(chunk);
    // Typed at the prompt, as a user does.
    if (screen.endsWith('[y/N] ') && remaining) child.stdin.write(`${remaining.shift() ?? 'n'}\n`);
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, screen })));
}

describe('the demo', () => {
  it('names the server that does not answer', async () => {
    expect(await runDemo([], [], 'http://127.0.0.1:2')).toEqual({
      code: 1,
      screen: '\nhttp://127.0.0.1:2 does not answer (ECONNREFUSED): is it running?\n',
    });
  });

  it('shows the main flow: cause, approval, pattern, known solution, and an inconclusive investigation', async () => {
    const { code, screen } = await runDemo(['--yes']);
    expect({ code, screen }).toMatchObject({ code: 0 });
    const inOrder = [
      'incident.created',
      'investigation.completed',
      'Root cause (',
      'Deploy 2.4.1',
      'Proposed: Roll back checkout-api',
      'Approve and execute?',
      'the runner received a signed request: rollback_deployment',
      'remediating → resolved',
      'knowledge.pattern_extracted',
      'investigation.known_solution_found',
      'Apply its solution?',
      'remediating → resolved',
      'Inconclusive: the evidence does not show a root cause',
      'logs of mail-dispatcher',
    ];
    let from = 0;
    for (const words of inOrder) {
      const at = screen.indexOf(words, from);
      expect([words, at >= 0]).toEqual([words, true]);
      from = at + words.length;
    }
  });

  it('executes nothing that the user has not approved', async () => {
    const { code, screen } = await runDemo([], ['n', 'n', 'n', 'n', 'n']);
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain('remediation.rejected');
    expect(screen).not.toContain('signed request');
  });

  it('takes the end of its input for a no to every question', async () => {
    const { code, screen } = await runDemo([], 'ended');
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain('remediation.rejected');
    expect(screen).not.toContain('signed request');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves no database and no file behind after %s',
    async (signal) => {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      // For PostgreSQL, which does not run as root.
      [folder, temporary].forEach((path) => chmodSync(path, 0o755));
      const { child, ended } = startProgram('dist/cli/demo.js', [], { TMPDIR: temporary });
      const data = await until('PostgreSQL runs', () =>
        readdirSync(temporary).find((name) => existsSync(join(temporary, name, 'postgres/postmaster.pid'))),
      );
      const [pid] = readFileSync(join(temporary, data, 'postgres/postmaster.pid'), 'utf8').split('\n');
      // As when its terminal is closed.
      child.stdout?.destroy();
      child.kill(signal);
      expect((await ended).code).toBe(1);
      expect(readdirSync(temporary).filter((name) => name.startsWith('causeflow-demo-'))).toEqual([]);
      await until('PostgreSQL has ended', () => !existsSync(`/proc/${pid}`));
    },
  );

  // `script` of Linux provides the terminal.
  (process.platform === 'linux' ? it : it.skip)('ends by Ctrl+C at a question', async () => {
    const child = spawn(
      '/usr/bin/script',
      ['--quiet', '--command', `${process.execPath} dist/cli/demo.js`, '/dev/null'],
      {
        env: { CAUSEFLOW_URL: server.url },
      },
    );
    let screen = '';
    let isTyped = false;
    child.stdout.on('data', (chunk: Buffer) => {
      screen += String(chunk);
      if (isTyped || !screen.includes('[y/N]')) return;
      isTyped = true;
      child.stdin.write('\u0003');
    });
    await until('it has ended', () => child.exitCode !== null, 60);
    expect(isTyped).toBe(true);
    expect(screen).not.toContain('remediation.rejected');
  });

  it('sends the alert of a file, shows a refusal, and strips terminal control sequences', async () => {
    const good = join(folder, 'good.json');
    writeFileSync(
      good,
      JSON.stringify({ title: 'Disk \u001b[2J\u2028full', description: 'On db-1', severity: 'high' }),
    );
    const accepted = await runDemo(['--yes', '--alert', good]);
    expect(accepted).toMatchObject({ code: 0, screen: expect.stringContaining('Inconclusive') });
    expect(accepted.screen).not.toContain('\u001b[2J');

    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify({ body: { description: 'no title' } }));
    const refused = await runDemo(['--yes', '--alert', bad]);
    expect(refused).toMatchObject({ code: 0, screen: expect.stringContaining('title is required') });
  });

  it('prints an error without a stack trace when it cannot run', async () => {
    const missing = await runDemo(['--alert', join(folder, 'not-there.json')]);
    expect(missing.code).toBe(1);
    expect(missing.screen).not.toContain('    at ');
  });
});
