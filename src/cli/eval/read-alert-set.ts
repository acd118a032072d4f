import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, list, type Json } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

interface Signal {
  readonly entity: string;
  readonly signal: string;
  readonly about: 'metric' | 'trace' | 'log';
  readonly caller?: string;
}

/** Reads an alert storm. The frequency of each alert is counted over the other storms of the same system. */
export function readAlertSet({ body, siblings }: RawCase): Evidence[] {
  const signals = signalsOf(body);
  if (signals.length === 0) return [];
  const earlier = siblings.filter((other) => at(other, 'id') !== at(body, 'id'));
  const seen = countsOf(earlier);
  const names = list(at(body, 'entities')).map(String);
  const edges = list(at(body, 'edges')).map((edge) => {
    const [caller, callee] = list(edge).map(Number);
    return { caller: names[caller ?? -1], callee: names[callee ?? -1] };
  });
  return [
    ...piece(
      'platform_event',
      'alerts',
      'alerts',
      signals.map((each) => ({
        ...each,
        seenBefore: seen.get(keyOf(each)) ?? 0,
        stormsBefore: earlier.length,
      })),
    ),
    ...piece('topology', 'topology', 'call graph', edges),
  ];
}

function signalsOf(body: Json): Signal[] {
  return [
    ...list(at(body, 'metric_alerts')).map((each): Signal => {
      const [entity, metric, direction] = list(each).map(String);
      return { entity: entity ?? '', signal: `${metric} ${direction}`, about: 'metric' };
    }),
    ...list(at(body, 'trace_alerts')).map((each): Signal => {
      const [caller = '', callee = '', operation, kind] = list(each).map(String);
      return { entity: callee, caller, signal: `${operation} ${kind}`, about: 'trace' };
    }),
    ...list(at(body, 'log_alerts')).map((each): Signal => {
      const [entity, template] = list(each).map(String);
      return { entity: entity ?? '', signal: template ?? '', about: 'log' };
    }),
  ];
}

function countsOf(storms: readonly Json[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const storm of storms) {
    for (const key of new Set(signalsOf(storm).map(keyOf))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf({ entity, signal, about, caller }: Signal): string {
  return JSON.stringify([about, caller ?? null, entity, signal]);
}
