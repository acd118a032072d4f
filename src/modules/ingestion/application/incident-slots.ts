import { leastIdAt, madeAt, type Id } from '#kernel/domain/ids';
import { CLOCK_SKEW_MS, type IncidentPageRequest } from './incident-conditions.js';

/** The full-text index has a lexeme for the slot in which an incident was created, from its id, and one for its last update. */
const SLOT_MS = 2 ** 30;
const SLOT_DIGITS = { from: 'inc_'.length, to: 'inc_'.length + 4 };

type SlotPage = Pick<IncidentPageRequest, 'tenantId' | 'sort' | 'order' | 'from' | 'to' | 'after'>;

/** Lexemes that are combined with the filter: one after the other until the page is full, or all of them at once. */
export interface TimeSlots {
  readonly lexemes: readonly string[];
  readonly atOnce: boolean;
}

export interface SlotLimits {
  /** With more slots, the tenant's whole lifetime is searched. */
  readonly max: number;
  /** Slots that are searched before that. */
  readonly first: number;
}

/**
 * The time slots in which incidents of a list can be, in the order of the list.
 * @param time of a list by update: slots of updates one after the other, or all slots of the creation range at once
 */
export function timeSlotsOf(
  page: SlotPage,
  time: 'created' | 'updated',
  limits: SlotLimits,
  now: Date,
): TimeSlots {
  const { tenantId, order } = page;
  const lifetime = `Tenant=${tenantId}`;
  const atOnce = page.sort === 'updatedAt' && time === 'created';
  const slots = slotsWithin(page, time, now).filter((slot) => atOnce || isAhead(slot, page));
  if (order === 'desc') slots.reverse();
  const lexemes = slots.map((slot) =>
    time === 'updated' ? `Updated=${tenantId}/${String(slot)}` : `Slot=${tenantId}/${digitsOf(slot)}`,
  );
  if (lexemes.length <= limits.max) return { lexemes, atOnce };
  if (atOnce || areFirstFarAfter(slots[limits.first - 1], page)) return { lexemes: [lifetime], atOnce };
  return { lexemes: [...lexemes.slice(0, limits.first), lifetime], atOnce };
}

function slotsWithin({ tenantId, from, to }: SlotPage, time: 'created' | 'updated', now: Date): number[] {
  const start = Math.max(madeAt(tenantId).getTime(), from === undefined ? 0 : Date.parse(from));
  const isBounded = time === 'created' && to !== undefined;
  const end = isBounded ? Math.min(now.getTime(), Date.parse(to)) : now.getTime();
  const first = slotAt(start - CLOCK_SKEW_MS);
  return Array.from({ length: slotAt(end + CLOCK_SKEW_MS) - first + 1 }, (_, at) => first + at);
}

/** Whether the slot can have incidents after the cursor. */
function isAhead(slot: number, { sort, order, after: [last] = [] }: SlotPage): boolean {
  if (typeof last !== 'string') return true;
  const reached = slotAt(sort === 'createdAt' ? madeAt(last as Id<'inc'>).getTime() : Date.parse(last));
  return order === 'asc' ? slot >= reached : slot <= reached;
}

/** Few incidents that were created before `to` are updated long after it. */
function areFirstFarAfter(lastOfFirst = 0, { order, to }: SlotPage): boolean {
  return order === 'desc' && to !== undefined && lastOfFirst > slotAt(Date.parse(to));
}

/** The digits that all ids of a slot begin with. */
function digitsOf(slot: number): string {
  return leastIdAt('inc', new Date(slot * SLOT_MS)).slice(SLOT_DIGITS.from, SLOT_DIGITS.to);
}

function slotAt(time: number): number {
  return Math.floor(time / SLOT_MS);
}
