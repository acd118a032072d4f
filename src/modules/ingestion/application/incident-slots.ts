import { leastIdAt, madeAt, type Id, type TenantId } from '#kernel/domain/ids';

/** The index of words knows in which of these an incident was made, by the first characters of its id. */
const SLOT_MS = 2 ** 30;
const SLOT = { from: 'inc_'.length, to: 'inc_'.length + 4 };

/** Clocks of replicas, and of an incident and its id, are never this far apart. */
const SLACK_MS = 60_000;

interface ListedTimes {
  readonly sort: 'createdAt' | 'updatedAt';
  readonly order: 'asc' | 'desc';
  readonly from?: string;
  readonly to?: string;
}

/** So many are looked into one by one; more cost more than to look at all of a tenant's time at once. */
const FEW = 8;
/** So many before all of the time is looked at: what is not too rare is found there, each at a tenth of the cost. */
const FIRST = 3;

/**
 * The slots of time in which an incident of a list can have been made, in the order of the list; null stands for all of
 * the tenant's time, where the slots are too many: after the first ones, or alone by update, whose order they do not keep.
 * @param after the last incident of the page before
 */
export function slotsOf(
  tenantId: TenantId,
  { sort, order, from, to }: ListedTimes,
  after: unknown,
  now: Date,
): (string | null)[] {
  let first = Math.max(madeAt(tenantId).getTime(), from === undefined ? 0 : Date.parse(from)) - SLACK_MS;
  let last = Math.min(now.getTime(), to === undefined ? Infinity : Date.parse(to)) + SLACK_MS;
  if (sort === 'createdAt' && typeof after === 'string') {
    const place = madeAt(after as Id<'inc'>).getTime();
    if (order === 'asc') first = Math.max(first, place);
    else last = Math.min(last, place);
  }
  const slots: string[] = [];
  for (let slot = Math.floor(first / SLOT_MS); slot <= Math.floor(last / SLOT_MS); slot += 1) {
    slots.push(leastIdAt('inc', new Date(slot * SLOT_MS)).slice(SLOT.from, SLOT.to));
  }
  if (order === 'desc') slots.reverse();
  if (slots.length <= FEW) return slots;
  return sort === 'updatedAt' ? [null] : [...slots.slice(0, FIRST), null];
}
