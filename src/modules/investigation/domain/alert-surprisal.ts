import type { Cited } from './evidence-set.js';
import type { AlertSignal } from './evidence.js';
import { profileOf, type MetricRole } from './metric-profile.js';

/** What an entity's own alerts add up to. */
export interface AlertedEntity {
  readonly entity: string;
  /** Without a unit, 0 to 8.8: the entity's shares of the storm's views, each by its weight; see `suspicionByEntity`. */
  readonly suspicion: number;
  /** The most unusual first. */
  readonly signals: readonly SurprisingSignal[];
}

export interface SurprisingSignal {
  readonly signal: AlertSignal;
  /** In nats. */
  readonly surprise: number;
  readonly evidenceId: string;
}

/** One way of looking at a storm. */
interface View {
  readonly weight: number;
  /** What the next alert of the same entity still adds: alerts of one entity say much the same. */
  readonly decay: number;
}

const METRIC: View = { weight: 1, decay: 0.9 };
/** What an entity has of its own; latency, errors and traffic are also passed on by others. */
const OWN: ReadonlySet<MetricRole> = new Set<MetricRole>(['saturation', 'other']);
const CALLS: View = { weight: 1.3, decay: 0.4 };
/** A message that an entity rarely logs says more than a metric that is off its normal, and a second one hardly more. */
const MESSAGES: View = { weight: 3.5, decay: 0.1 };
const VIEWS: ReadonlyMap<string, View> = new Map([
  ['own up', METRIC],
  ['own down', METRIC],
  ['passed on up', METRIC],
  ['passed on down', METRIC],
  ['calls', CALLS],
  ['messages', MESSAGES],
]);
/** One entity that stands out counts for more than two that do so by half. */
const POWER = 1.5;
/** In nats: nobody is singled out by what is as usual as this. */
const USUAL = 3;

/**
 * Whose alerts are the most unusual. An alert is worth its surprisal `ln((storms + 2) / (storms with it + 1))`. Six
 * views of the storm are shared out apart, so that one in which everybody has alerts decides little: an entity gets
 * `xᵖ / (Σ xᵖ + 3ᵖ)` of a view, `x` the sum of its surprisals there, the largest in full, each further one less by the
 * view's decay. A call counts for its callee. Where nothing is known of earlier storms, all alerts are worth the same.
 */
export function suspicionByEntity(signals: readonly Cited<AlertSignal>[]): AlertedEntity[] {
  const alerted = distinctByEntity(signals);
  const suspicion = new Map<string, number>();
  for (const [name, { weight, decay }] of VIEWS) {
    const seen = [...alerted].map(([entity, own]) => {
      const sum = own
        .filter(({ signal }) => viewOf(signal) === name)
        .reduce((total, { surprise }, place) => total + surprise * decay ** place, 0);
      return [entity, sum ** POWER] as const;
    });
    const all = seen.reduce((total, [, x]) => total + x, USUAL ** POWER);
    for (const [entity, x] of seen) {
      suspicion.set(entity, (suspicion.get(entity) ?? 0) + (weight * x) / all);
    }
  }
  return [...alerted].map(([entity, own]) => ({
    entity,
    suspicion: suspicion.get(entity) ?? 0,
    signals: own,
  }));
}

/** An alert that rang twice is one alert. */
function distinctByEntity(signals: readonly Cited<AlertSignal>[]): Map<string, SurprisingSignal[]> {
  const byEntity = new Map<string, Map<string, SurprisingSignal>>();
  for (const { row: signal, evidenceId } of signals) {
    const known = byEntity.get(signal.entity) ?? new Map<string, SurprisingSignal>();
    byEntity.set(signal.entity, known);
    known.set(JSON.stringify([signal.about, signal.caller ?? null, signal.signal]), {
      signal,
      surprise: surprisal(signal),
      evidenceId,
    });
  }
  return new Map(
    [...byEntity].map(([entity, own]) => [entity, [...own.values()].sort((a, b) => b.surprise - a.surprise)]),
  );
}

function surprisal({ seenBefore, stormsBefore }: AlertSignal): number {
  return Math.max(0, Math.log((stormsBefore + 2) / (seenBefore + 1)));
}

function viewOf({ about, signal }: AlertSignal): string {
  if (about === 'trace') return 'calls';
  if (about === 'log') return 'messages';
  const falls = /\bdown$/.test(signal);
  const { role } = profileOf(signal.replace(/ (up|down)$/, ''), undefined);
  return `${OWN.has(role) ? 'own' : 'passed on'} ${falls ? 'down' : 'up'}`;
}
