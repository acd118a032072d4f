import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Api, newTenant } from '../support/api.js';
import { CHECKOUT, TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** Enqueues the job that CONTRIBUTING.md shows. */
const MAIN = `
import { Module } from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import { Once } from '#kernel/events/once';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentCreated } from '#modules/ingestion/events';
import { serve } from '#serve';
import { PageOnCall } from './page-on-call.js';

@EventsHandler(IncidentCreated)
class PageWhenIncidentCreated {
  constructor(
    private readonly once: Once,
    private readonly jobs: Jobs,
  ) {}

  async handle(event: IncidentCreated): Promise<void> {
    const payload = { url: process.env['PAGER_URL'], eventId: event.id };
    await this.once.do('page-on-call', event, () =>
      this.jobs.enqueue(event.tenantId, { name: 'page-on-call', payload }),
    );
  }
}

@Module({ providers: [PageWhenIncidentCreated, PageOnCall] })
class PagerModule {}

await serve([{ module: PagerModule }]);
`;

const page = readFileSync(join(CHECKOUT, 'CONTRIBUTING.md'), 'utf8');

/** The code blocks in a language under a heading, without those under further headings. */
function codeBlocks(language: string, heading: string): string[] {
  const [section = ''] = page.split(`\n${heading}\n`)[1]?.split(/^#+ /m) ?? [];
  const blocks = section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]+?)^\`\`\``, 'gm'));
  return Array.from(blocks, ([, code = '']) => code);
}

let folder: string;
const run = (...command: string[]) => promisify(execFile)(process.execPath, command, { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeflow-external-'));
  await symlink(CHECKOUT, join(folder, 'causeflow'));
  await symlink('causeflow/node_modules', join(folder, 'node_modules'));
  await mkdir(join(folder, 'src'));
  const ownRepository = '### In a repository of its own';
  const files = {
    'package.json': codeBlocks('json', ownRepository)[0],
    'tsconfig.json': codeBlocks('json', ownRepository)[1],
    'jest.config.js': codeBlocks('js', ownRepository)[0],
    'src/page-on-call.ts': codeBlocks('ts', '## Write an extension')[0],
    'src/main.ts': MAIN,
  };
  for (const [path, content = ''] of Object.entries(files)) await writeFile(join(folder, path), content);
});
afterAll(() => rm(folder, { recursive: true }));

it('an extension in its own repository is built and served, set up as in CONTRIBUTING.md', async () => {
  await run('node_modules/typescript/bin/tsc');
  const keys: unknown[] = [];
  const pager = createServer(({ headers }, response) => {
    keys.push(headers['idempotency-key']);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => pager.listen(0, '127.0.0.1', resolve));
  const server = await TestServer.start({
    main: join(folder, 'dist/src/main.js'),
    env: { PAGER_URL: `http://127.0.0.1:${(pager.address() as AddressInfo).port}/` },
  });
  try {
    const { api } = await newTenant(server.url);
    await api.post('/v1/incidents', { title: 'Slow', description: 'Slower than before.', severity: 'low' });
    await until('the page is counted', async () => {
      const { body: metrics } = await new Api(server.url).get<string>('/metrics');
      return metrics.includes('\non_call_pages_total 1\n');
    });
    expect(keys).toEqual([expect.stringMatching(/^evt_/)]);
  } finally {
    await server.stop();
    pager.close();
  }
});

it('Jest runs its own unit and e2e tests, and none of ours; they are type-checked', async () => {
  const testFile = (title: string) => `import { it, expect } from '@jest/globals';
    import { SEVERITIES } from '#kernel/domain/severity';
    import { TestServer } from '../causeflow/test/support/server.js';
    it('${title}', () => expect([...SEVERITIES, typeof TestServer]).toContain('critical'));`;
  await writeFile(join(folder, 'tsconfig.check.json'), /`(\{ "extends".*\})`/.exec(page)?.[1] ?? '');
  await writeFile(join(folder, 'src/rule.spec.ts'), testFile('a rule'));
  await writeFile(join(folder, 'src/story.e2e-spec.ts'), testFile('a story'));
  const jest = (...options: string[]) =>
    run('--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...options);
  const listed = (await jest('--listTests')).stdout.trim().split('\n');
  expect(listed.map((path) => basename(path)).sort()).toEqual(['rule.spec.ts', 'story.e2e-spec.ts']);
  expect((await jest('--selectProjects', 'unit')).stderr).toContain('1 passed, 1 total');
  await run('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.check.json');
});
