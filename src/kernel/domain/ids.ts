import { processClock } from './clock.js';
import { timeDigits, timeOf, ulidFactory, ulidNamed } from './ulid.js';

/** The prefixes of ids and what they identify. An extension adds its own: `declare module '#kernel/domain/ids'`, see CONTRIBUTING.md. */
export interface IdKinds {
  ten: 'tenant'; user: 'user'; key: 'API key'; inc: 'incident'; evd: 'evidence'; inv: 'investigation'; hyp: 'hypothesis';
  rem: 'remediation'; stp: 'step'; apr: 'approval'; int: 'integration'; trg: 'trigger'; chg: 'change'; ptn: 'pattern';
  whs: 'webhook subscription'; dlv: 'delivery'; evt: 'event'; aud: 'audit entry';
} // prettier-ignore

export type IdPrefix = keyof IdKinds;

export type Id<P extends IdPrefix> = `${P}_${string}`;

declare const tenant: unique symbol;
/** Branded, so that no other string can be passed to a store in its place. */
export type TenantId = Id<'ten'> & { readonly [tenant]: true };

const ulid = ulidFactory(() => processClock.now().getTime());
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A new id: prefix, underscore, 26-character ULID. Ids of one process sort in the order of their creation. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return `${prefix}_${ulid()}`;
}

/** A deterministic id: the same for the same external name, so that it can be received twice. */
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

/** The smallest id of a moment: ids sort by time, so a range of times is a range of ids. */
export function leastIdAt<P extends IdPrefix>(prefix: P, moment: Date): Id<P> {
  return `${prefix}_${timeDigits(Math.max(0, moment.getTime()))}${'0'.repeat(16)}`;
}

/** When an id was created, by the clock of its process. */
export function madeAt(id: Id<IdPrefix>): Date {
  return new Date(timeOf(id.slice(id.indexOf('_') + 1)));
}
