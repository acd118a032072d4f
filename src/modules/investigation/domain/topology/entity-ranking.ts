import type { CallGraph } from './call-graph.js';
import { compareText } from '../compare-text.js';
import type { MetricShift } from '../metrics/metric-shift.js';
import type { EpochMs } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import { MOST_COMPARED, passedOn } from './passing-on.js';
import { waitingFor } from './waiting.js';

/** How strongly an entity's metrics point at it. */
export interface EntityRanking {
  readonly entity: string;
  /** 0..1 */
  readonly score: number;
  /** Its worst series first. */
  readonly shifts: readonly MetricShift[];
  /** Why what ails it may be no more than what ails somebody else, if so. */
  readonly explained: string | undefined;
  /** Whether others seem to wait for it or to pass on its failures, or none of several others suffers at all. */
  readonly awaited: boolean;
  /** The rise in requests that may be why, if any. */
  readonly demand: MetricShift | undefined;
  /** Somebody of whom the signals tell no more than of it, if so: either may suffer from the other. */
  readonly like: string | undefined;
}

const WHEN_EXPLAINED = 0.5;
const WHEN_UNRELATED = 0.7;

/**
 * Entities by their worst series, given worst first. One that is explained by what it calls counts half, and one that
 * the failing service is not known to depend on a little less: edges are often missing, so a path is a bonus and
 * never a filter. Where nobody knows who calls whom, it is told from the times who waits, and from the failures who
 * passes them on. Traffic that changed says nothing by itself.
 * @param compared all that was compared, changed or not
 */
export function rankEntities(
  compared: readonly MetricShift[],
  graph: CallGraph,
  { failing, since }: { readonly failing: string | null; readonly since: EpochMs },
): EntityRanking[] {
  const shifts = compared.filter(({ shifted }) => shifted);
  const byEntity = new Map<string, MetricShift[]>();
  for (const shift of shifts) getOrAdd(byEntity, shift.series.entity, () => []).push(shift);
  const moved = new Set([...byEntity.keys()].map((entity) => graph.nodeOf(entity)));
  const { explained: suffers, like } = graph.isEmpty
    ? guessedCalls([...byEntity.values()].slice(0, MOST_COMPARED).flat(), compared, since)
    : NOTHING_GUESSED;
  const awaited = new Set([...suffers.values()].map(({ from }) => from));
  const alone = graph.isEmpty ? onlySufferer(compared, suffers) : undefined;
  return [...byEntity]
    .filter(([, own]) => own.some(({ role }) => role !== 'traffic'))
    .map(([entity, own]): EntityRanking => {
      const calls = graph.callees(entity).some((callee) => moved.has(callee));
      const explained = calls ? 'Something it calls left normal too.' : suffers.get(entity)?.because;
      const unrelated = failing !== null && !graph.isEmpty && graph.distance(failing, entity) === undefined;
      const score =
        strength(own) * (explained === undefined ? 1 : WHEN_EXPLAINED) * (unrelated ? WHEN_UNRELATED : 1);
      return {
        entity,
        score,
        shifts: own,
        explained,
        awaited: entity === alone || awaited.has(entity),
        demand: askedAgain(entity, suffers, byEntity) ? undefined : demandThatCameFirst(own),
        like: like.get(entity),
      };
    })
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}

interface Explanation {
  /** Who suffers first, if anybody. */
  readonly from?: string;
  readonly because: string;
}

interface GuessedCalls {
  readonly explained: ReadonlyMap<string, Explanation>;
  readonly like: ReadonlyMap<string, string>;
}

const NOTHING_GUESSED: GuessedCalls = { explained: new Map(), like: new Map() };

/** Times tell more than failures: who waits for somebody is not what that one fails of. */
function guessedCalls(
  shifts: readonly MetricShift[],
  compared: readonly MetricShift[],
  since: EpochMs,
): GuessedCalls {
  const waits = waitingFor(shifts);
  const awaited = new Set(waits.values());
  const isUntimed = (entity: string) => !waits.has(entity) && !awaited.has(entity);
  const failures = passedOn(
    shifts,
    compared.map(({ series }) => series),
    since,
  );
  const explained = new Map<string, Explanation>(
    [...waits].map(([entity, from]) => [
      entity,
      { from, because: `It seems to wait for ${from}, whose times grew by a larger multiple.` },
    ]),
  );
  const failsOnly = (entity: string) =>
    shifts.every(({ series, role }) => series.entity !== entity || role === 'traffic' || role === 'errors');
  for (const entity of failures.hardly) {
    if (failsOnly(entity)) explained.set(entity, { because: 'All in all it fails hardly more than before.' });
  }
  for (const [entity, from] of failures.from) {
    if (isUntimed(entity))
      explained.set(entity, { from, because: `It may only pass on failures of ${from}.` });
  }
  return { explained, like: new Map([...failures.like].filter(([entity]) => isUntimed(entity))) };
}

const FEWEST_CALM = 2;

/** Who is the only one to suffer among several of whom the same was measured. */
function onlySufferer(
  compared: readonly MetricShift[],
  suffers: GuessedCalls['explained'],
): string | undefined {
  const moved = compared.filter(
    ({ shifted, role, series }) => shifted && role !== 'traffic' && !suffers.has(series.entity),
  );
  const [first, ...others] = new Set(moved.map(({ series }) => series.entity));
  if (first === undefined || others.length > 0) return undefined;
  const metrics = new Set(moved.map(({ series }) => series.metric));
  const calm = compared.filter(({ series }) => series.entity !== first && metrics.has(series.metric));
  return new Set(calm.map(({ series }) => series.entity)).size >= FEWEST_CALM ? first : undefined;
}

const ROSE = 1.5;
/** What one scrape tells of requests, the one before may tell of what they did. */
const STEPS_APART = 2;
/** Of the rise in requests: who passes on most of it passes on what came from outside. */
const PASSED_ON = 0.8;

/** More traffic that is not later than any other change of an entity may be the cause of them, not their sign. */
function demandThatCameFirst(shifts: readonly MetricShift[]): MetricShift | undefined {
  const demand = riseIn(shifts);
  const others = shifts.filter(({ role }) => role !== 'traffic');
  if (!demand || others.length === 0) return undefined;
  const [first = 0, second = first] = demand.series.timestamps;
  const latest = STEPS_APART * (second - first);
  return others.every(({ at }) => demand.at <= at + latest) ? demand : undefined;
}

function riseIn(shifts: readonly MetricShift[]): MetricShift | undefined {
  return shifts.find(({ role, worst, normal }) => role === 'traffic' && worst > normal * ROSE);
}

/** Whose callers are asked no more often than before is asked again and again because it fails. */
function askedAgain(
  entity: string,
  suffers: GuessedCalls['explained'],
  byEntity: ReadonlyMap<string, readonly MetricShift[]>,
): boolean {
  const callers = [...suffers].filter(([, { from }]) => from === entity);
  const rise = growth(riseIn(byEntity.get(entity) ?? []));
  return (
    callers.length > 0 &&
    callers.every(([caller]) => growth(riseIn(byEntity.get(caller) ?? [])) < PASSED_ON * rise)
  );
}

function growth(rise: MetricShift | undefined): number {
  return rise ? rise.worst / rise.normal : 1;
}

/**
 * Of the worst shift, 0..1 on a logarithmic scale: scores of series with a tiny spread run into the thousands, and
 * 2000 is no more certain than 1000. 5 gives .26, 1000 gives 1.
 */
function strength(shifts: readonly MetricShift[]): number {
  return Math.min(1, Math.log10(1 + (shifts[0]?.score ?? 0)) / 3);
}
