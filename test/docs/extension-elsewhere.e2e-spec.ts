import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Api } from '../support/api.js';
import { CHECKOUT, TestServer } from '../support/server.js';

/** In plain JavaScript, as a compiler leaves it. */
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

class Elsewhere {}
Module({ controllers: [Greeting] })(Elsewhere);

await serve([{ module: Elsewhere }]);
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeflow-elsewhere-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('an extension in a repository of its own is served with what CONTRIBUTING.md asks for', async () => {
  const page = readFileSync(join(CHECKOUT, 'CONTRIBUTING.md'), 'utf8');
  const [, shown = ''] = /^```json\n([\s\S]+?)^```/m.exec(page) ?? [];
  await symlink(CHECKOUT, join(folder, 'causeflow'));
  await symlink('causeflow/node_modules', join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), shown);
  await writeFile(join(folder, 'main.js'), EXTENSION);
  const server = await TestServer.start({ main: join(folder, 'main.js') });
  const answer = await new Api(server.url).get('/v1/greeting').finally(() => server.stop());
  expect(answer).toMatchObject({ status: 200, body: { canFind: 'function' } });
});
