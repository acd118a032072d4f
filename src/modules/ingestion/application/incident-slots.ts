import { leastIdAt, madeAt, type Id, type TenantId } from '#kernel/domain/ids';

/** The index of words knows in which of these an incident was made, by the first characters of its id, and last updated. */
const SLOT_MS = 2 ** 30;
const SLOT = { from: 'inc_'.length, to: 'inc_'.length + 4 };

/** Clocks of replicas, and of an incident and its id, are never this far apart. */
const SLACK_MS = 60_000;

interface ListPlace {
  readonly tenantId: TenantId;
  readonly sort: 'createdAt' | 'updatedAt';
  readonly order: 'asc' | 'desc';
  readonly from?: string;
  readonly to?: string;
  /** The last incident of the page before: by update when that was, and its id. */
  readonly after: readonly unknown[] | undefined;
}

/** Lexemes that the index of words is asked for beside what is sought: one after the other, or all of them at once. */
interface Slots {
  readonly lexemes: string[];
  readonly atOnce: boolean;
}

/** So many are looked into one by one; more cost more than to look at all of a tenant's time at once. */
const FEW = 8;
/** So many before all of the time is looked at: what is not too rare is found there, each at a tenth of the cost. */
const FIRST = 3;

/**
 * The slots of time in which an incident of a list can be, in the order of the list, and all of the tenant's time after
 * the first ones where they are too many.
 * @param keys by update: whether those of updates lead to a page sooner than all those of the times asked for
 */
export function slotsOf(place: ListPlace, keys: 'ofUpdates' | 'ofTimes', now: Date): Slots {
  const { tenantId, sort, order, from, to } = place;
  const always = `Tenant=${tenantId}`;
  const begun = Math.max(madeAt(tenantId).getTime(), from === undefined ? 0 : Date.parse(from));
  const byUpdate = sort === 'updatedAt';
  const ofUpdates = byUpdate && keys === 'ofUpdates';
  const ended = ofUpdates || to === undefined ? now.getTime() : Math.min(now.getTime(), Date.parse(to));
  const atOnce = byUpdate && !ofUpdates;
  const slots = between(begun, ended).filter((slot) => atOnce || isAhead(slot, place));
  if (order === 'desc') slots.reverse();
  const lexemes = slots.map((slot) =>
    ofUpdates ? `Updated=${tenantId}/${String(slot)}` : `Slot=${tenantId}/${digitsOf(slot)}`,
  );
  if (lexemes.length <= FEW) return { lexemes, atOnce };
  // Few of those that were made before some day are updated long after it.
  const isFar = order === 'desc' && to !== undefined && (slots[FIRST - 1] ?? 0) > slotAt(Date.parse(to));
  return { lexemes: atOnce || isFar ? [always] : [...lexemes.slice(0, FIRST), always], atOnce };
}

/** Whether the page before did not end beyond it. */
function isAhead(slot: number, { sort, order, after: [first] = [] }: ListPlace): boolean {
  if (typeof first !== 'string') return true;
  const reached = slotAt(sort === 'createdAt' ? madeAt(first as Id<'inc'>).getTime() : Date.parse(first));
  return order === 'asc' ? slot >= reached : slot <= reached;
}

function between(first: number, last: number): number[] {
  const from = slotAt(first - SLACK_MS);
  return Array.from({ length: slotAt(last + SLACK_MS) - from + 1 }, (_, at) => from + at);
}

/** What all ids that are made in a slot begin with. */
function digitsOf(slot: number): string {
  return leastIdAt('inc', new Date(slot * SLOT_MS)).slice(SLOT.from, SLOT.to);
}

function slotAt(time: number): number {
  return Math.floor(time / SLOT_MS);
}
