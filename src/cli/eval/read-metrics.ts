import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, instant, list, numbers, object, optionalText, type Json } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece, pieceForEach } from './piece.js';
import type { CaseTimes } from './case-times.js';

interface Sample {
  readonly timestamp: number;
  readonly entity: string;
  readonly metric: string;
  readonly value: number;
  readonly instance?: string;
}

/** Reads metric samples, the baseline's samples shifted to right before them, and the call graph. */
export function readMetrics({ body, baseline }: RawCase, times: CaseTimes): Evidence[] {
  const metrics = at(body, 'metrics');
  const clock = list(at(metrics, 't')).map(instant);
  const start = clock[0] ?? times.startedAt;
  const samples = [
    ...normalSamples(baseline, at(body, 'baseline_until'), start, times),
    ...list(at(metrics, 'series')).flatMap((series) => ownSamples(series, clock, body, times)),
    ...entrySamples(body, times),
  ];
  const edges = list(at(body, 'topology', 'edges')).map((edge) => ({
    caller: list(edge)[0],
    callee: list(edge)[1],
  }));
  return [
    ...pieceForEach('metric', 'metrics', 'metrics', samples),
    ...piece('topology', 'topology', 'call graph', edges),
  ];
}

/** `base` holds normal samples without times; they are spread over the time before the case. */
function ownSamples(
  series: Json,
  clock: readonly (number | undefined)[],
  body: Json,
  times: CaseTimes,
): Sample[] {
  const given =
    at(series, 'v_offset_s') ?? (clock.length === 0 ? at(body, 'entry_service', 'offset_s') : undefined);
  const offsets = numbers(given);
  const base = interleaved(numbers(at(series, 'base')));
  const first = times.startedAt + Math.min(0, (offsets[0] ?? 0) * 1000);
  return [
    ...samplesOf(series, base, (i) => first - (base.length - i) * times.stepMs),
    ...samplesOf(series, numbers(at(series, 'v')), (i) => {
      const offset = offsets[i] ?? (clock.length === 0 ? (i * times.stepMs) / 1000 : undefined);
      return offset === undefined ? clock[i] : times.startedAt + offset * 1000;
    }),
  ];
}

/** Reorders values with a stride, so that neighbours are separated and a sorted list does not look like a trend. */
function interleaved<T>(values: readonly T[]): readonly T[] {
  const stride = Math.max(1, Math.round(values.length * 0.382));
  return Array.from({ length: stride }, (_, start) => values.filter((_, i) => i % stride === start)).flat();
}

/** A baseline is often of another day; it is shifted to end one step before the case begins. */
function normalSamples(baseline: Json, until: Json, start: number, { stepMs }: CaseTimes): Sample[] {
  const clock = list(at(baseline, 't')).map(instant);
  const limit = instant(until) ?? Number.POSITIVE_INFINITY;
  const kept = clock.filter((time) => time !== undefined && time <= limit).length;
  return list(at(baseline, 'series')).flatMap((series) =>
    samplesOf(series, numbers(at(series, 'v')).slice(0, kept), (i) => start - (kept - i) * stepMs),
  );
}

function samplesOf(
  series: Json,
  values: readonly (number | undefined)[],
  timeOf: (i: number) => number | undefined,
): Sample[] {
  const entity = optionalText(series, 'entity', 'service') ?? '';
  const instance = optionalText(series, 'pod', 'instance');
  const metric = [optionalText(series, 'metric'), optionalText(series, 'stat')]
    .filter((part) => part !== undefined)
    .join(' ');
  const samples: Sample[] = [];
  values.forEach((value, i) => {
    const timestamp = timeOf(i);
    if (value === undefined || timestamp === undefined) return;
    samples.push({ timestamp, entity, metric, value, ...(instance === undefined ? {} : { instance }) });
  });
  return samples;
}

/** Metrics of the entry service, one column per metric. */
function entrySamples(body: Json, { startedAt }: CaseTimes): Sample[] {
  const entry = object(at(body, 'entry_service'));
  const offsets = numbers(entry['offset_s']);
  const entity = optionalText(at(body, 'alert'), 'entity', 'service') ?? '';
  return Object.entries(entry).flatMap(([metric, values]) =>
    metric === 'offset_s'
      ? []
      : samplesOf({ entity, metric }, numbers(values), (i) => {
          const offset = offsets[i];
          return offset === undefined ? undefined : startedAt + offset * 1000;
        }),
  );
}
