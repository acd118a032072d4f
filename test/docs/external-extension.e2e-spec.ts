import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Api } from '../support/api.js';
import { CHECKOUT, TestServer } from '../support/server.js';

/** Plain JavaScript, as a TypeScript compiler outputs it. */
const EXTENSION = `
import { Controller, Get, Module } from '@nestjs/common';
import { Public } from '#kernel/http/principal';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { serve } from '#serve';

class Greeting {
  constructor(incidents) {
    this.incidents = incidents;
  }
  greet() {
    return { canFind: typeof this.incidents.find };
  }
}
Reflect.defineMetadata('design:paramtypes', [IncidentLifecycle], Greeting);
const greet = [Greeting.prototype, 'greet', Object.getOwnPropertyDescriptor(Greeting.prototype, 'greet')];
Get('greeting')(...greet);
Public()(...greet);
Controller('v1')(Greeting);

class ExternalModule {}
Module({ controllers: [Greeting] })(ExternalModule);

await serve([{ module: ExternalModule }]);
`;

const page = readFileSync(join(CHECKOUT, 'CONTRIBUTING.md'), 'utf8');
/** The first code block of the page in this language. */
const codeBlock = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]+?)^\`\`\``, 'm').exec(page)?.[1] ?? '';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeflow-external-'));
  await symlink(CHECKOUT, join(folder, 'causeflow'));
  await symlink('causeflow/node_modules', join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), codeBlock('json'));
});
afterAll(() => rm(folder, { recursive: true }));

it('an extension in its own repository is served, set up as in CONTRIBUTING.md', async () => {
  await writeFile(join(folder, 'main.js'), EXTENSION);
  const server = await TestServer.start({ main: join(folder, 'main.js') });
  const response = await new Api(server.url).get('/v1/greeting').finally(() => server.stop());
  expect(response).toMatchObject({ status: 200, body: { canFind: 'function' } });
});

it('Jest runs its own unit and e2e tests, and none of ours', async () => {
  await writeFile(join(folder, 'jest.config.js'), codeBlock('js'));
  await mkdir(join(folder, 'src'));
  const testFile = (title: string) => `import { it, expect } from '@jest/globals';
    import { SEVERITIES } from '#kernel/domain/severity';
    it('${title}', () => expect(SEVERITIES).toContain('critical'));`;
  await writeFile(join(folder, 'src/rule.spec.ts'), testFile('a rule'));
  await writeFile(join(folder, 'src/story.e2e-spec.ts'), testFile('a story'));
  const jest = (...options: string[]) =>
    promisify(execFile)(
      process.execPath,
      ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...options],
      { cwd: folder },
    );
  const listed = (await jest('--listTests')).stdout.trim().split('\n');
  expect(listed.map((path) => basename(path)).sort()).toEqual(['rule.spec.ts', 'story.e2e-spec.ts']);
  expect((await jest('--selectProjects', 'unit')).stderr).toContain('1 passed, 1 total');
});
