import type { Evidence, MetricPoint } from '#modules/investigation/domain/evidence/evidence';
import { EvidenceSet } from '#modules/investigation/domain/evidence/evidence-set';
import { profileOf } from '#modules/investigation/domain/metrics/metric-profile';
import { EvalError } from './eval-error.js';
import type { RawCase } from './load-cases.js';
import { normalFrom, type Random, randomFrom } from './random.js';
import type { ReadCase } from './read-case.js';

type Row = Evidence['rows'][number];
type Change = (read: ReadCase, amount: number, random: Random) => ReadCase;

const DAY = 24 * 3600_000;
const MOVED_BY = 37 * DAY + 5 * 3600_000;
/** Below this a name is too likely a part of other words. */
const SHORTEST_NAME = 3;
const NAMING: readonly string[] = ['entity', 'caller', 'callee', 'service', 'instance', 'message', 'text'];

/** How a case can be changed on purpose, to see what an answer hangs on; docs/accuracy.md says what each means. */
const CHANGES: Readonly<Record<string, Change>> = {
  rename: (read, _amount, random) => renamed(read, random),
  shift: (read) => ({
    ...mapRows(read, (row) => moved(row)),
    incident: { ...read.incident, alertedAt: read.incident.alertedAt + MOVED_BY },
  }),
  'drop-edges': (read, share, random) => filterRows(read, (row) => !('callee' in row) || random() >= share),
  'drop-calls': (read, share, random) =>
    filterRows(read, (row) => !('statistic' in row) || random() >= share),
  'drop-series': (read, share, random) => {
    const dropped = new Map<string, boolean>();
    return filterRows(read, (row) => {
      if (!isSample(row)) return true;
      const known = dropped.get(keyOf(row)) ?? random() < share;
      dropped.set(keyOf(row), known);
      return !known;
    });
  },
  'drop-samples': (read, share, random) => filterRows(read, (row) => !isSample(row) || random() >= share),
  'halve-samples': (read) => {
    const seen = new Map<string, number>();
    return filterRows(read, (row) => {
      if (!isSample(row)) return true;
      const before = seen.get(keyOf(row)) ?? 0;
      seen.set(keyOf(row), before + 1);
      return before % 2 === 0;
    });
  },
  // A share of successes that is off by some per cent is a fault, not noise.
  noise: (read, spread, random) =>
    mapSamples(read, ({ value, metric, unit }) =>
      profileOf(metric, unit).role === 'availability'
        ? value
        : value * Math.max(0, 1 + spread * normalFrom(random)),
    ),
  season: (read, share) =>
    mapSamples(read, ({ value, metric, unit, timestamp }) =>
      profileOf(metric, unit).role === 'availability'
        ? value
        : value * (1 + share * Math.sin((2 * Math.PI * timestamp) / DAY)),
    ),
  traffic: (read, factor) =>
    mapSamples(read, ({ value, metric, unit }) =>
      profileOf(metric, unit).role === 'traffic' ? value * factor : value,
    ),
};

/** Of a change that was asked for as `drop-edges=0.3,rename`. */
export class Perturbations {
  private constructor(
    private readonly changes: readonly { readonly name: string; readonly amount: number }[],
    private readonly seed: number,
  ) {}

  /** @throws EvalError when a change is not known or its amount is no number above 0 */
  static parse(text: string, seed: number): Perturbations {
    const changes = text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', amount = '1'] = part.split('=');
        if (name !== NO_BASELINE && !Object.hasOwn(CHANGES, name)) {
          throw new EvalError(
            `There is no change ${name}. Known: ${[NO_BASELINE, ...Object.keys(CHANGES)].join(', ')}.`,
          );
        }
        if (!(Number(amount) > 0)) throw new EvalError(`${part} needs an amount above 0.`);
        return { name, amount: Number(amount) };
      });
    return new Perturbations(changes, seed);
  }

  ofRaw(raw: RawCase): RawCase {
    return this.changes.some(({ name }) => name === NO_BASELINE) ? { ...raw, baseline: undefined } : raw;
  }

  ofRead(read: ReadCase): ReadCase {
    return this.changes.reduce((changed, { name, amount }) => {
      const random = randomFrom(this.seed, name, read.incident.incidentId);
      return CHANGES[name]?.(changed, amount, random) ?? changed;
    }, read);
  }
}

/** What a case refers to in another file is not read; what stands in the case itself remains. */
const NO_BASELINE = 'no-baseline';

function mapRows(read: ReadCase, change: (row: Row) => Row): ReadCase {
  return withRows(read, (rows) => rows.map(change));
}

function filterRows(read: ReadCase, keep: (row: Row) => boolean): ReadCase {
  return withRows(read, (rows) => rows.filter(keep));
}

function mapSamples(read: ReadCase, value: (sample: MetricPoint) => number): ReadCase {
  return mapRows(read, (row) => (isSample(row) ? { ...row, value: value(row) } : row));
}

/** A change of rows keeps their kind, which the types of a whole union cannot say. */
function withRows(read: ReadCase, change: (rows: readonly Row[]) => readonly Row[]): ReadCase {
  const items = read.evidence.items.map((item) => ({ ...item, rows: change(item.rows) }) as Evidence);
  return { ...read, evidence: new EvidenceSet(items) };
}

function isSample(row: Row): row is MetricPoint {
  return 'metric' in row;
}

function keyOf({ entity, metric, instance }: MetricPoint): string {
  return `${entity}\0${metric}\0${instance ?? ''}`;
}

function moved(row: Row): Row {
  const times = ['timestamp', 'startedAt', 'occurredAt'].filter((field) => field in row);
  return {
    ...row,
    ...Object.fromEntries(times.map((field) => [field, Number(row[field as keyof Row]) + MOVED_BY])),
  };
}

/** Every entity becomes a number, in what is measured and in what is said. */
function renamed(read: ReadCase, random: Random): ReadCase {
  const shuffled = read.entities
    .filter((name) => name.length >= SHORTEST_NAME)
    .map((name) => ({ name, place: random() }))
    .sort((a, b) => a.place - b.place);
  const numbers = new Map(shuffled.map(({ name }, i) => [name, `entity${100 + i}`]));
  const longestFirst = [...numbers.keys()].sort((a, b) => b.length - a.length);
  const anyName = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  const rename = (text: string) => text.replaceAll(anyName, (name) => numbers.get(name) ?? name);
  const { incident } = read;
  return {
    ...mapRows(read, (row) => {
      const named = Object.entries(row).filter(
        ([field, value]) => NAMING.includes(field) && typeof value === 'string',
      );
      return { ...row, ...Object.fromEntries(named.map(([field, value]) => [field, rename(String(value))])) };
    }),
    incident: {
      ...incident,
      title: rename(incident.title),
      description: rename(incident.description),
      service: incident.service === null ? null : rename(incident.service),
    },
    entities: read.entities.map(rename),
    originalNames: new Map([...numbers].map(([name, number]) => [number, name])),
  };
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
