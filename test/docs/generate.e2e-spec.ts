import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runToEnd } from '../support/program.js';

const FILES = ['docs/openapi.json', 'docs/asyncapi.json', 'docs/events.md'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeflow-docs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const generate = (...options: string[]) => runToEnd('dist/cli/generate-docs.js', [...options, folder], {});
const readFiles = () => Promise.all(FILES.map((file) => readFile(join(folder, file), 'utf8')));

describe('the generated documents', () => {
  it('are deterministic, need no database, and pass the check', async () => {
    expect(await generate()).toEqual({ code: 0, output: '' });
    const first = await readFiles();
    await generate();
    expect(await readFiles()).toEqual(first);
    expect(await generate('--check')).toEqual({ code: 0, output: '' });
  });

  it.each(FILES)('fail the check with the line if %s is stale', async (file) => {
    const path = join(folder, file);
    const current = await readFile(path, 'utf8');
    const [first = '', second = '', ...rest] = current.split('\n');
    await writeFile(path, [first, `${second} and more`, ...rest].join('\n'));
    const { code, output } = await generate('--check');
    expect(code).toBe(1);
    expect(output).toContain(`${file} differs from the code:\n  line 2\n  - ${second} and more\n`);
    expect(output).toContain('npm run docs:generate');
    await writeFile(path, current);
  });

  it('fail the check if one is missing', async () => {
    await rm(join(folder, 'docs/events.md'));
    const { code, output } = await generate('--check');
    expect(code).toBe(1);
    expect(output).toContain('docs/events.md differs from the code');
  });
});
