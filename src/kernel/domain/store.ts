import type { Aggregate } from './aggregate.js';
import type { TenantId } from './ids.js';

/** Names one aggregate of a kind. */
export interface Key {
  readonly tenantId: TenantId;
  readonly id: string;
}

/** Where aggregates of one kind live. A module's port is `abstract class Incidents extends Store<Incident> {}`. */
export abstract class Store<A extends Aggregate> {
  /** Stores a new aggregate and its recorded events in one transaction. */
  abstract add(aggregate: A): Promise<void>;

  /**
   * The same, unless the tenant has `most` of them already. Racing calls of one tenant are counted one after the other.
   * @throws Refusal `quota_exceeded`
   */
  abstract addWithin(most: number, aggregate: A): Promise<void>;

  /**
   * Loads under a row lock, lets `decide` change the aggregate, stores it with its recorded events, in one transaction.
   * Racing calls for one id run one after the other, so the second one sees what the first one decided.
   * @returns what `decide` returned
   * @throws Refusal `not_found` when this tenant has no such aggregate
   */
  abstract change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T>;

  /**
   * The same for many at once, of one tenant or of several, written in one statement. Keys without an aggregate are left
   * out. Where aggregates have versions they are read without a lock, and one that somebody else has changed meanwhile is
   * decided on again under a lock.
   * @returns what `decide` returned, in the order of tenants and ids
   */
  abstract changeMany<T>(keys: readonly Key[], decide: (aggregate: A) => T): Promise<T[]>;

  /**
   * Loads under a row lock, lets `decide` record what the end of the aggregate means, deletes it, in one transaction.
   * @throws Refusal `not_found` when this tenant has no such aggregate, or no more
   */
  abstract remove(tenantId: TenantId, id: string, decide: (aggregate: A) => void): Promise<void>;

  abstract find(tenantId: TenantId, id: string): Promise<A | undefined>;

  /** In the order of their ids; those without an aggregate are left out. */
  abstract findMany(tenantId: TenantId, ids: readonly string[]): Promise<A[]>;

  /** @throws Refusal `not_found` */
  abstract get(tenantId: TenantId, id: string): Promise<A>;
}
