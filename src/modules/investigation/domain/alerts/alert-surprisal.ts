import { asWords } from './alert-kind.js';
import { unlikeReplicas } from './alert-replicas.js';
import type { Cited } from '../evidence/evidence-set.js';
import type { AlertSignal } from '../evidence/evidence.js';
import { profileOf, type MetricRole } from '../metrics/metric-profile.js';

/** What an entity's own alerts add up to. */
export interface AlertedEntity {
  readonly entity: string;
  /** Without a unit, 0 to 9: its shares of the storm's views, each by its weight; see `suspicionByEntity`. */
  readonly suspicion: number;
  /** Where most of that comes from. */
  readonly view: ViewName;
  /** Of that view, 0 to 1. */
  readonly share: number;
  /** The most unusual first. */
  readonly signals: readonly SurprisingSignal[];
}

export interface SurprisingSignal {
  readonly signal: AlertSignal;
  readonly views: readonly ViewName[];
  /** In nats. */
  readonly surprise: number;
  readonly evidenceId: string;
}

export type ViewName = keyof typeof VIEWS;

/** One way of looking at a storm. */
interface View {
  readonly weight: number;
  /** What the next alert of the same entity still adds: alerts of one entity say much the same. */
  readonly decay: number;
}

const METRIC: View = { weight: 1, decay: 0.9 };
const VIEWS = {
  'resources up': METRIC,
  'resources down': METRIC,
  'requests up': METRIC,
  'requests down': METRIC,
  calls: { weight: 1, decay: 0.4 },
  // A message that an entity rarely logs says more than a metric off its normal, and a second one no more.
  messages: { weight: 3.5, decay: 0 },
  replicas: { weight: 0.5, decay: 0.9 },
} as const satisfies Record<string, View>;
const VIEW_NAMES = Object.keys(VIEWS) as ViewName[];
/** What an entity has of its own; latency, errors and traffic are also passed on by others. */
const OWN: ReadonlySet<MetricRole> = new Set<MetricRole>(['saturation', 'other']);
const FALLS = /(?<!slow)down\b|\b(low|below|drops?|dropped|fell)\b/i;
/** One entity that stands out counts for more than two that do so by half. */
const POWER = 1.5;
/** In nats: nobody is singled out by what is as usual as this. */
const USUAL = 3;

/**
 * Whose alerts are the most unusual. An alert is worth its surprisal `ln((storms + 2) / (storms with it + 1))`. Seven
 * views of the storm are shared out apart, so that one in which everybody has alerts decides little: an entity gets
 * `xᵖ / (Σ xᵖ + 3ᵖ)` of a view, `p` 1.5 and `x` the sum of its surprisals there, the largest in full, each further one less
 * by the view's decay. A call counts for its callee. The view of replicas has what none of an entity's replicas has. Where nothing is known of earlier storms, all alerts are worth the
 * same.
 */
export function suspicionByEntity(signals: readonly Cited<AlertSignal>[]): AlertedEntity[] {
  const alerted = distinctByEntity(signals);
  const parts = alerted.map(({ own }) => VIEW_NAMES.map((view) => unusualIn(view, own) ** POWER));
  const totals = VIEW_NAMES.map((_, i) => parts.reduce((sum, part) => sum + (part[i] ?? 0), USUAL ** POWER));
  return alerted.map(({ entity, own }, place) => {
    const shares = VIEW_NAMES.map((view, i) => {
      const share = (parts[place]?.[i] ?? 0) / (totals[i] ?? 1);
      return { view, share, weighed: VIEWS[view].weight * share };
    });
    const most = shares.reduce((best, each) => (each.weighed > best.weighed ? each : best));
    const suspicion = shares.reduce((sum, { weighed }) => sum + weighed, 0);
    return { entity, suspicion, view: most.view, share: most.share, signals: own };
  });
}

/** An alert that rang twice is one alert. */
function distinctByEntity(signals: readonly Cited<AlertSignal>[]) {
  const unlike = unlikeReplicas(signals.map(({ row }) => row));
  const byEntity = new Map<string, Map<string, SurprisingSignal>>();
  for (const { row: signal, evidenceId } of signals) {
    const known = byEntity.get(signal.entity) ?? new Map<string, SurprisingSignal>();
    byEntity.set(signal.entity, known);
    const views: ViewName[] = unlike(signal) ? [viewOf(signal), 'replicas'] : [viewOf(signal)];
    const key = JSON.stringify([signal.about, signal.caller ?? null, signal.signal]);
    known.set(key, { signal, views, surprise: surprisal(signal), evidenceId });
  }
  return [...byEntity].map(([entity, own]) => ({
    entity,
    own: [...own.values()].sort((a, b) => b.surprise - a.surprise),
  }));
}

/** Of alerts with the most unusual first. */
function unusualIn(name: ViewName, own: readonly SurprisingSignal[]): number {
  return own
    .filter(({ views }) => views.includes(name))
    .reduce((sum, { surprise }, place) => sum + surprise * VIEWS[name].decay ** place, 0);
}

function surprisal({ seenBefore, stormsBefore }: AlertSignal): number {
  return Math.max(0, Math.log((stormsBefore + 2) / (seenBefore + 1)));
}

function viewOf({ about, signal }: AlertSignal): ViewName {
  if (about === 'trace') return 'calls';
  if (about === 'log') return 'messages';
  // `up` is also the name of a metric.
  const metric = signal.replace(/ (up|down)$/, '');
  const { role } = profileOf(metric, undefined);
  return `${OWN.has(role) ? 'resources' : 'requests'} ${FALLS.test(asWords(signal)) ? 'down' : 'up'}`;
}
