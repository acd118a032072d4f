import 'reflect-metadata';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { DomainEvent, type AnyEventClass } from '#kernel/events/define-event';
import { plainToInstance } from '#kernel/http/instance';
import { events as product } from '../src/event-catalogue.js';
import { extensions } from '../src/extensions.js';

const events = [...product, ...extensions.flatMap((extension) => extension.events ?? [])];
const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The public events of the contract. */
const PUBLIC = [
  'tenant.created',
  'tenant.updated',
  'user.created',
  'user.updated',
  'user.deleted',
  'incident.created',
  'incident.status_changed',
  'investigation.progress',
  'investigation.completed',
  'investigation.known_solution_found',
  'remediation.proposed',
  'remediation.approved',
  'remediation.rejected',
  'remediation.executed',
  'integration.connected',
  'integration.disconnected',
  'trigger.created',
  'trigger.deleted',
  'trigger.event_received',
  'knowledge.pattern_extracted',
  'approval.requested',
  'approval.resolved',
];

interface Declared {
  readonly file: string;
  readonly event: AnyEventClass;
}

/** Every event class that a module exports in its events.ts. */
async function declaredEvents(): Promise<Declared[]> {
  const files = readdirSync(join(SRC, 'modules'))
    .map((module) => join(SRC, 'modules', module, 'events.ts'))
    .filter((file) => existsSync(file));
  const declared = await Promise.all(
    files.map(async (file) => {
      const exported = Object.values((await import(file)) as Record<string, unknown>);
      return exported.filter(isEventClass).map((event) => ({ file, event }));
    }),
  );
  return declared.flat();
}

function isEventClass(value: unknown): value is AnyEventClass {
  return typeof value === 'function' && value.prototype instanceof DomainEvent;
}

function productFiles(folder = SRC): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return productFiles(path);
    return path.endsWith('.ts') && !path.endsWith('.spec.ts') ? [path] : [];
  });
}

/** Validation errors of a payload by its class. */
function faultsOf({ definition: { data, example } }: AnyEventClass, payload: object = example): string[] {
  const instance = plainToInstance(data, payload);
  const faults = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  });
  return faults.map((fault) => fault.toString());
}

describe('the catalogue', () => {
  let declared: Declared[];

  beforeAll(async () => {
    declared = await declaredEvents();
  });

  it('lists every declared event once', () => {
    const names = (classes: readonly AnyEventClass[]) => classes.map(({ name }) => name).sort();
    expect(names(events)).toEqual(names(declared.map(({ event }) => event)));
    const types = events.map(({ definition }) => definition.type);
    expect([...new Set(types)]).toEqual(types);
  });

  it('publishes exactly the events of the contract', () => {
    const published = product.filter(({ definition }) => definition.audience === 'public');
    expect(published.map(({ definition }) => definition.type).sort()).toEqual([...PUBLIC].sort());
  });

  it.each(events.map((event) => [event.definition.type, event] as const))('documents %s', (type, event) => {
    const { summary, data } = event.definition;
    expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    expect(data.name).toBe(`${event.name}Data`);
  });

  it.each(events.map((event) => [event.definition.type, event] as const))(
    'has a valid example of %s',
    (_, event) => {
      expect(faultsOf(event)).toEqual([]);
      // A payload class without validation would make the check above meaningless.
      expect(faultsOf(event, { ...event.definition.example, unknown: true })).not.toEqual([]);
      expect(faultsOf(event, {})).not.toEqual([]);
    },
  );

  it('has a publisher of each event', () => {
    const texts = productFiles().map((path) => ({ path, text: readFileSync(path, 'utf8') }));
    const unpublished = declared.filter(({ file, event }) => {
      const recorded = new RegExp(`\\bnew ${event.name}\\(`);
      return !texts.some(({ path, text }) => path !== file && recorded.test(text));
    });
    expect(unpublished.map(({ event }) => event.name)).toEqual([]);
  });
});
