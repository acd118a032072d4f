import type { Cited } from './evidence-set.js';
import type { AlertSignal } from './evidence.js';

/** What an entity's own alerts add up to. */
export interface AlertedEntity {
  readonly entity: string;
  /** In nats; see `surpriseByEntity`. */
  readonly surprise: number;
  /** The most unusual first. */
  readonly signals: readonly SurprisingSignal[];
}

export interface SurprisingSignal {
  readonly signal: AlertSignal;
  readonly surprise: number;
  readonly evidenceId: string;
}

const ABOUT = ['metric', 'trace', 'log'] as const;
/** What the next alert of the same kind still adds: alerts of one entity say much the same. */
const DECAY = { metric: 0.9, trace: 0.6, log: 0.4 } as const;
/** A template that an entity rarely logs says more than a metric that is off its normal. */
const WEIGHT = { metric: 1, trace: 1, log: 3 } as const;

/**
 * How unusual an entity's alerts are: each is worth its surprisal `ln((storms + 1) / (storms with it + .5))`, the
 * largest of each kind in full, each further one less by its kind's decay. A call counts for its callee. Where nothing
 * is known of earlier storms, all alerts are worth the same.
 */
export function surpriseByEntity(signals: readonly Cited<AlertSignal>[]): AlertedEntity[] {
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
  return [...byEntity].map(([entity, distinct]) => {
    const own = [...distinct.values()].sort((a, b) => b.surprise - a.surprise);
    const surprise = ABOUT.reduce((sum, about) => {
      const alike = own.filter(({ signal }) => signal.about === about);
      return (
        sum + alike.reduce((part, each, i) => part + WEIGHT[about] * each.surprise * DECAY[about] ** i, 0)
      );
    }, 0);
    return { entity, surprise, signals: own };
  });
}

function surprisal({ seenBefore, stormsBefore }: AlertSignal): number {
  return Math.max(0, Math.log((stormsBefore + 1) / (seenBefore + 0.5)));
}
