import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Running, startProgram } from '../support/program.js';
import { until } from '../support/until.js';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'causeflow-test-bench-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** The URL of the first server that the bench started, from the server's log. */
function serverUrl(): string | undefined {
  const folder = readdirSync(scratch).find((name) => name.startsWith('causeflow-bench-logs-')) ?? '';
  return /ready on (http:\S+)/.exec(readFileSync(join(scratch, folder, '1.log'), 'utf8'))?.[1];
}

it.each<[string, (bench: Running) => unknown]>([
  ['the reader of its output closes the pipe', ({ child }) => child.stdout?.destroy()],
  ['it gets SIGTERM', ({ child }) => child.kill('SIGTERM')],
])('the bench stops its servers and removes its files when %s', async (_, interrupt) => {
  const bench = startProgram('bench/run.mjs', ['--only', 'repeats,pace', '--quick'], { TMPDIR: scratch });
  const url = await until('the server is ready', serverUrl);
  interrupt(bench);
  expect((await bench.ended).code).toBe(1);
  const isServing = await fetch(`${url}/health/live`).then(
    () => true,
    () => false,
  );
  expect(isServing).toBe(false);
  expect(readdirSync(scratch).filter((name) => name.startsWith('causeflow-'))).toEqual([]);
});
