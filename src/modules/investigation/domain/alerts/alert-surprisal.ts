import { asWords } from './alert-kind.js';
import { uniqueAmongReplicas } from './alert-replicas.js';
import type { Cited } from '../evidence/cited.js';
import type { AlertSignal } from '../evidence/evidence.js';
import { profileOf, type MetricRole } from '../metrics/metric-profile.js';

/** The suspicion of one entity, from its own alerts. */
export interface AlertedEntity {
  readonly entity: string;
  /** 0..9, without a unit: the weighted sum of its shares of the views; see `suspicionByEntity`. */
  readonly suspicion: number;
  /** The view that contributes most. */
  readonly view: ViewName;
  /** 0..1: its share of that view. */
  readonly share: number;
  /** Highest surprisal first. */
  readonly signals: readonly RankedAlert[];
}

export interface RankedAlert {
  readonly signal: AlertSignal;
  readonly views: readonly ViewName[];
  /** In nats. */
  readonly surprisal: number;
  readonly evidenceId: string;
}

export type ViewName = keyof typeof VIEWS;

/** A kind of alerts that is shared out among entities separately. */
interface View {
  readonly weight: number;
  /** The weight of each further alert of an entity relative to the one before, since they are correlated. */
  readonly decay: number;
}

const METRIC_VIEW: View = { weight: 1, decay: 0.9 };
const VIEWS = {
  'resources up': METRIC_VIEW,
  'resources down': METRIC_VIEW,
  'requests up': METRIC_VIEW,
  'requests down': METRIC_VIEW,
  calls: { weight: 1, decay: 0.4 },
  // A rare log message is stronger evidence than an anomalous metric; a second one adds nothing.
  messages: { weight: 3.5, decay: 0 },
  replicas: { weight: 0.5, decay: 0.9 },
} as const satisfies Record<string, View>;
const VIEW_NAMES = Object.keys(VIEWS) as ViewName[];
/** Roles of an entity's own resources; anomalies in latency, errors and traffic also propagate from others. */
const RESOURCE_ROLES: ReadonlySet<MetricRole> = new Set<MetricRole>(['saturation', 'other']);
const FALL_WORDS = /(?<!slow)down\b|\b(low|below|drops?|dropped|fell)\b/i;
/** Above 1, so that one large surprisal outweighs two half as large. */
const POWER = 1.5;
/** In nats: a sum of surprisals about as low as this singles out no entity. */
const TOLERANCE = 3;

/**
 * Ranks the entities of an alert storm by how unusual their alerts are. An alert is weighted by its surprisal (a smoothed
 * inverse document frequency) `ln((storms + 2) / (storms with it + 1))`. The alerts fall into seven views, each of which is
 * shared out separately, so that a view in which all entities have alerts decides little: an entity gets
 * `xᵖ / (Σ xᵖ + 3ᵖ)` of a view, with `p` = 1.5 and `x` the sum of its surprisals, highest first, each multiplied by the
 * view's decay once more. An alert about a call counts for its callee; one that no replica of its entity has also counts
 * in the view `replicas`. Without known earlier storms all alerts weigh the same.
 * @returns in order of first alert
 */
export function suspicionByEntity(signals: readonly Cited<AlertSignal>[]): AlertedEntity[] {
  const alerted = distinctByEntity(signals).map(({ entity, own }) => ({
    entity,
    own,
    parts: VIEW_NAMES.map((view) => surprisalIn(view, own) ** POWER),
  }));
  const totals = VIEW_NAMES.map((_, i) =>
    alerted.reduce((sum, { parts }) => sum + (parts[i] ?? 0), TOLERANCE ** POWER),
  );
  return alerted.map(({ entity, own, parts }) => {
    const shares = VIEW_NAMES.map((view, i) => {
      const share = (parts[i] ?? 0) / (totals[i] ?? 1);
      return { view, share, weighted: VIEWS[view].weight * share };
    });
    const largest = shares.reduce((best, each) => (each.weighted > best.weighted ? each : best));
    const suspicion = shares.reduce((sum, { weighted }) => sum + weighted, 0);
    return { entity, suspicion, view: largest.view, share: largest.share, signals: own };
  });
}

/** Repeated alerts count once. */
function distinctByEntity(signals: readonly Cited<AlertSignal>[]) {
  const isUnique = uniqueAmongReplicas(signals.map(({ row }) => row));
  const byEntity = new Map<string, Map<string, RankedAlert>>();
  for (const { row: signal, evidenceId } of signals) {
    const known = byEntity.get(signal.entity) ?? new Map<string, RankedAlert>();
    byEntity.set(signal.entity, known);
    const views: ViewName[] = isUnique(signal) ? [viewOf(signal), 'replicas'] : [viewOf(signal)];
    const key = JSON.stringify([signal.about, signal.caller ?? null, signal.signal]);
    known.set(key, { signal, views, surprisal: surprisalOf(signal), evidenceId });
  }
  return [...byEntity].map(([entity, own]) => ({
    entity,
    own: [...own.values()].sort((a, b) => b.surprisal - a.surprisal),
  }));
}

/** @param own highest surprisal first */
function surprisalIn(name: ViewName, own: readonly RankedAlert[]): number {
  return own
    .filter(({ views }) => views.includes(name))
    .reduce((sum, { surprisal }, rank) => sum + surprisal * VIEWS[name].decay ** rank, 0);
}

function surprisalOf({ seenBefore, stormsBefore }: AlertSignal): number {
  return Math.max(0, Math.log((stormsBefore + 2) / (seenBefore + 1)));
}

function viewOf({ about, signal }: AlertSignal): ViewName {
  if (about === 'trace') return 'calls';
  if (about === 'log') return 'messages';
  // Without the direction, since `up` is also the name of a metric.
  const metric = signal.replace(/ (up|down)$/, '');
  const { role } = profileOf(metric, undefined);
  return `${RESOURCE_ROLES.has(role) ? 'resources' : 'requests'} ${FALL_WORDS.test(asWords(signal)) ? 'down' : 'up'}`;
}
