import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestServer } from '../support/server.js';

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

interface Played {
  readonly code: number | null;
  readonly screen: string;
}

/** @param answers what the user types, line by line */
function play(args: readonly string[], answers?: readonly string[], url = server.url): Promise<Played> {
  const child = spawn(process.execPath, ['dist/cli/demo.js', ...args], {
    env: { CAUSEFLOW_URL: url, NO_COLOR: '1' },
  });
  let screen = '';
  const left = [...(answers ?? [])];
  const seen = (chunk: Buffer): void => {
    screen += String(chunk);
    // Typed at the prompt, as a user does.
    if (screen.endsWith('[y/N] ') && answers) child.stdin.write(`${left.shift() ?? 'n'}\n`);
  };
  child.stdout.on('data', seen);
  child.stderr.on('data', seen);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, screen })));
}

describe('the demo', () => {
  it('says which server does not answer', async () => {
    expect(await play([], [], 'http://127.0.0.1:2')).toEqual({
      code: 1,
      screen: '\nhttp://127.0.0.1:2 does not answer (ECONNREFUSED): is it running?\n',
    });
  });

  it('plays the main flow: cause, approval, pattern, known solution, and an honest “inconclusive”', async () => {
    const { code, screen } = await play(['--yes']);
    expect({ code, screen }).toMatchObject({ code: 0 });
    const inOrder = [
      'incident.created',
      'investigation.completed',
      'Root cause (',
      'Deploy 2.4.1',
      'Proposed: Roll back checkout-api',
      'Approve and carry it out?',
      'the runner got a signed order: rollback_deployment',
      'remediating → resolved',
      'knowledge.pattern_extracted',
      'investigation.known_solution_found',
      'Use what helped then?',
      'remediating → resolved',
      'Inconclusive, and that is an answer',
      'logs of mail-dispatcher',
    ];
    let from = 0;
    for (const words of inOrder) {
      const at = screen.indexOf(words, from);
      expect([words, at >= 0]).toEqual([words, true]);
      from = at + words.length;
    }
  });

  it('does nothing that the user has not approved', async () => {
    const { code, screen } = await play([], ['n', 'n', 'n', 'n', 'n']);
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain('remediation.rejected');
    expect(screen).not.toContain('signed order');
  });

  it('sends any alert: a valid one, one that is refused, and one with terminal control sequences', async () => {
    const good = join(folder, 'good.json');
    writeFileSync(
      good,
      JSON.stringify({ title: 'Disk \u001b[2J\u2028full', description: 'On db-1', severity: 'high' }),
    );
    const taken = await play(['--yes', '--alert', good]);
    expect(taken).toMatchObject({ code: 0, screen: expect.stringContaining('Inconclusive') });
    expect(taken.screen).not.toContain('\u001b[2J');

    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify({ body: { description: 'no title' } }));
    const refused = await play(['--yes', '--alert', bad]);
    expect(refused).toMatchObject({ code: 0, screen: expect.stringContaining('title is required') });
  });

  it('says in one line why it cannot run', async () => {
    const missing = await play(['--alert', join(folder, 'not-there.json')]);
    expect(missing.code).toBe(1);
    expect(missing.screen).not.toContain('    at ');
  });
});
