import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoggerService } from '@nestjs/common';
import { loadConfig } from '#kernel/config/config';
import { asyncApiDocument } from '#kernel/events/asyncapi';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { eventsPage } from '#kernel/events/events-page';
import { sharedNames } from '#kernel/http/fields';
import { openApiDocument } from '#kernel/http/openapi/openapi';
import { Database } from '#kernel/persistence/database';
import { createApp } from '../create-app.js';
import { events } from '../event-catalogue.js';
import { extensions } from '../extensions.js';

// generate-docs [--check] [folder]: generates the API documents in the repository from the code.
// `--check` writes nothing and fails when they differ from the code.

const [folder = fileURLToPath(new URL('../..', import.meta.url))] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));

async function documents(): Promise<Record<string, string>> {
  const warnings: unknown[] = [];
  const config = loadConfig({
    DATABASE_URL: 'postgres://nobody@localhost/nowhere',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const database = new Database('postgres://nobody@localhost/nowhere');
  const app = await createApp({ config, database, extensions }, collecting(warnings), 'describe');
  const catalogue = new EventCatalogue([
    ...events,
    ...extensions.flatMap((extension) => extension.events ?? []),
  ]);
  // Discards Nest's warning that providers are not instantiated.
  warnings.length = 0;
  const openApi = openApiDocument(app, catalogue.published);
  const faults = [...warnings, ...sharedNames().map((name) => `Several classes are called ${name}.`)];
  if (faults.length > 0) throw new Error(`The API cannot be described:\n${faults.join('\n')}`);
  return {
    'docs/openapi.json': json(openApi),
    'docs/asyncapi.json': json(asyncApiDocument(catalogue.published)),
    'docs/events.md': eventsPage(catalogue.published),
  };
}

function collecting(warnings: unknown[]): LoggerService {
  const collect = (message: unknown): void => void warnings.push(message);
  return { log: () => undefined, warn: collect, error: collect, fatal: collect };
}

function json(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The first difference of two texts, with the lines around it. */
function difference(committed: string, generated: string): string {
  const [before, after] = [committed.split('\n'), generated.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  const line = at === -1 ? after.length : at;
  const around = (lines: string[], sign: string): string[] =>
    lines.slice(line, line + 3).map((text) => `  ${sign} ${text}`);
  return [`  line ${line + 1}`, ...around(before, '-'), ...around(after, '+')].join('\n');
}

function check(due: Record<string, string>): void {
  const stale = Object.entries(due).flatMap(([path, text]) => {
    const kept = existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '';
    return kept === text ? [] : [`${path} differs from the code:\n${difference(kept, text)}`];
  });
  if (stale.length === 0) return;
  console.error(`${stale.join('\n')}\nRun \`npm run docs:generate\` and commit what it writes.`);
  process.exitCode = 1;
}

function write(due: Record<string, string>): void {
  for (const [path, text] of Object.entries(due)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const due = await documents();
if (process.argv.includes('--check')) check(due);
else write(due);
