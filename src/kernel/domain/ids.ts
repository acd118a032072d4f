import { SystemClock } from './clock.js';
import { timeDigits, timeOf, ulidFactory, ulidNamed } from './ulid.js';

/** What ids name, by their prefixes. An extension adds its own: `declare module '#kernel/domain/ids'`, see CONTRIBUTING.md. */
export interface IdKinds {
  ten: 'tenant'; user: 'user'; key: 'API key'; inc: 'incident'; evd: 'evidence'; inv: 'investigation'; hyp: 'hypothesis';
  rem: 'remediation'; stp: 'step'; apr: 'approval'; int: 'integration'; trg: 'trigger'; chg: 'change'; ptn: 'pattern';
  whs: 'webhook subscription'; dlv: 'delivery'; evt: 'event'; aud: 'audit entry';
} // prettier-ignore

export type IdPrefix = keyof IdKinds;

export type Id<P extends IdPrefix> = `${P}_${string}`;

declare const tenant: unique symbol;
/** Branded, so that no other string can be handed to a store in its place. */
export type TenantId = Id<'ten'> & { readonly [tenant]: true };

const clock = new SystemClock();
const ulid = ulidFactory(() => clock.now().getTime());
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A new id: prefix, underscore, 26-character ULID. Ids made by one process sort by the order of their making. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return `${prefix}_${ulid()}`;
}

/** The one id of what somebody else has a name for, and may tell of again. */
export function idNamed<P extends IdPrefix>(prefix: P, name: string): Id<P> {
  return `${prefix}_${ulidNamed(name)}`;
}

export function newTenantId(): TenantId {
  return newId('ten') as TenantId;
}

export function isId<P extends IdPrefix>(prefix: P, value: unknown): value is Id<P> {
  return (
    typeof value === 'string' && value.startsWith(`${prefix}_`) && ULID.test(value.slice(prefix.length + 1))
  );
}

/** A tenant id from outside the type system: a verified token, a row, a path. */
export function asTenantId(value: unknown): TenantId | undefined {
  return isId('ten', value) ? (value as TenantId) : undefined;
}

/** The least id that can be made at a moment: ids sort by time, so a range of times is a range of ids. */
export function leastIdAt<P extends IdPrefix>(prefix: P, moment: Date): Id<P> {
  return `${prefix}_${timeDigits(Math.max(0, moment.getTime()))}${'0'.repeat(16)}`;
}

/** When an id was made, by the clock of the process that made it. */
export function madeAt(id: Id<IdPrefix>): Date {
  return new Date(timeOf(id.slice(id.indexOf('_') + 1)));
}
