import type { Evidence, MetricPoint } from '#modules/investigation/domain/evidence/evidence';
import { EvidenceSet } from '#modules/investigation/domain/evidence/evidence-set';
import { profileOf } from '#modules/investigation/domain/metrics/metric-profile';
import { EvalError } from './eval-error.js';
import type { RawCase } from './load-cases.js';
import { normalFrom, type Random, randomFrom } from './random.js';
import type { ReadCase } from './read-case.js';

type Row = Evidence['rows'][number];
type Perturbation = (read: ReadCase, amount: number, random: Random) => ReadCase;

const DAY = 24 * 3600_000;
const SHIFT = 37 * DAY + 5 * 3600_000;
/** A shorter name is too likely a part of other words. */
const MIN_NAME_LENGTH = 3;
const NAME_FIELDS: readonly string[] = [
  'entity',
  'caller',
  'callee',
  'service',
  'instance',
  'message',
  'text',
];

/** Perturbations of a case, to find out what an answer depends on. docs/accuracy.md describes each. */
const PERTURBATIONS: Readonly<Record<string, Perturbation>> = {
  rename: (read, _amount, random) => renamed(read, random),
  shift: (read) => ({
    ...mapRows(read, shifted),
    incident: { ...read.incident, alertedAt: read.incident.alertedAt + SHIFT },
  }),
  'drop-edges': (read, share, random) => filterRows(read, (row) => !('callee' in row) || random() >= share),
  'drop-calls': (read, share, random) =>
    filterRows(read, (row) => !('statistic' in row) || random() >= share),
  'drop-series': (read, share, random) => {
    const dropped = new Map<string, boolean>();
    return filterRows(read, (row) => {
      if (!isSample(row)) return true;
      const isDropped = dropped.get(keyOf(row)) ?? random() < share;
      dropped.set(keyOf(row), isDropped);
      return !isDropped;
    });
  },
  'drop-samples': (read, share, random) => filterRows(read, (row) => !isSample(row) || random() >= share),
  'halve-samples': (read) => {
    const counts = new Map<string, number>();
    return filterRows(read, (row) => {
      if (!isSample(row)) return true;
      const index = counts.get(keyOf(row)) ?? 0;
      counts.set(keyOf(row), index + 1);
      return index % 2 === 0;
    });
  },
  // Availability stays: a few per cent less of it is a fault, not noise.
  noise: (read, spread, random) =>
    mapSamples(read, (sample) =>
      roleOf(sample) === 'availability'
        ? sample.value
        : sample.value * Math.max(0, 1 + spread * normalFrom(random)),
    ),
  season: (read, share) =>
    mapSamples(read, (sample) =>
      roleOf(sample) === 'availability'
        ? sample.value
        : sample.value * (1 + share * Math.sin((2 * Math.PI * sample.timestamp) / DAY)),
    ),
  traffic: (read, factor) =>
    mapSamples(read, (sample) => (roleOf(sample) === 'traffic' ? sample.value * factor : sample.value)),
};

/** The perturbations of an option like `drop-edges=0.3,rename`. */
export class Perturbations {
  private constructor(
    private readonly changes: readonly { readonly name: string; readonly amount: number }[],
    private readonly seed: number,
  ) {}

  /** @throws EvalError if a perturbation is unknown or its amount is not a number above 0 */
  static parse(text: string, seed: number): Perturbations {
    const changes = text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', amount = '1'] = part.split('=');
        if (name !== NO_BASELINE && !Object.hasOwn(PERTURBATIONS, name)) {
          throw new EvalError(
            `There is no change ${name}. Known: ${[NO_BASELINE, ...Object.keys(PERTURBATIONS)].join(', ')}.`,
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
      return PERTURBATIONS[name]?.(changed, amount, random) ?? changed;
    }, read);
  }
}

/** Ignores a baseline in another file. A baseline in the case itself remains. */
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

/** A perturbation keeps the kind of each row, which the type of the union cannot express. */
function withRows(read: ReadCase, change: (rows: readonly Row[]) => readonly Row[]): ReadCase {
  const items = read.evidence.items.map((item) => ({ ...item, rows: change(item.rows) }) as Evidence);
  return { ...read, evidence: new EvidenceSet(items) };
}

function roleOf({ metric, unit }: MetricPoint) {
  return profileOf(metric, unit).role;
}

function isSample(row: Row): row is MetricPoint {
  return 'metric' in row;
}

function keyOf({ entity, metric, instance }: MetricPoint): string {
  return `${entity}\0${metric}\0${instance ?? ''}`;
}

function shifted(row: Row): Row {
  const times = ['timestamp', 'startedAt', 'occurredAt'].filter((field) => field in row);
  return {
    ...row,
    ...Object.fromEntries(times.map((field) => [field, Number(row[field as keyof Row]) + SHIFT])),
  };
}

/** Replaces the name of every entity by a number, in rows and in texts. */
function renamed(read: ReadCase, random: Random): ReadCase {
  const shuffled = read.entities
    .filter((name) => name.length >= MIN_NAME_LENGTH)
    .map((name) => ({ name, rank: random() }))
    .sort((a, b) => a.rank - b.rank);
  const numbers = new Map(shuffled.map(({ name }, i) => [name, `entity${100 + i}`]));
  const longestFirst = [...numbers.keys()].sort((a, b) => b.length - a.length);
  const anyName = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  const rename = (text: string) => text.replaceAll(anyName, (name) => numbers.get(name) ?? name);
  const { incident } = read;
  return {
    ...mapRows(read, (row) => {
      const named = Object.entries(row).filter(
        ([field, value]) => NAME_FIELDS.includes(field) && typeof value === 'string',
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
