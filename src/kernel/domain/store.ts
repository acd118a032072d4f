import type { Aggregate } from './aggregate.js';
import type { TenantId } from './ids.js';

/** Identifies an aggregate of one class. */
export interface Key {
  readonly tenantId: TenantId;
  readonly id: string;
}

/** The repository of one aggregate class. A module's port is `abstract class Incidents extends Store<Incident> {}`. */
export abstract class Store<A extends Aggregate> {
  /** Stores a new aggregate and its recorded events in one transaction. */
  abstract add(aggregate: A): Promise<void>;

  /**
   * The same, unless the tenant has `limit` of them already. Concurrent calls of one tenant are serialised.
   * @throws Refusal `quota_exceeded`
   */
  abstract addWithin(limit: number, aggregate: A): Promise<void>;

  /**
   * Loads under a row lock, lets `decide` change the aggregate, stores it with its recorded events, in one transaction.
   * Concurrent calls for one id are serialised, so the second one sees what the first one decided.
   * @returns what `decide` returned
   * @throws Refusal `not_found` when this tenant has no such aggregate
   */
  abstract change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T>;

  /**
   * The same for many at once, of one tenant or of several, written in one statement. Keys without an aggregate are skipped.
   * Aggregates with a version are read without a lock; one that has changed concurrently is loaded again under a lock, and `decide`
   * is called again.
   * @returns what `decide` returned, in the order of tenants and ids
   */
  abstract changeMany<T>(keys: readonly Key[], decide: (aggregate: A) => T): Promise<T[]>;

  /**
   * Loads under a row lock, lets `decide` record events about the deletion, deletes it, in one transaction.
   * @throws Refusal `not_found` when this tenant has no such aggregate
   */
  abstract remove(tenantId: TenantId, id: string, decide: (aggregate: A) => void): Promise<void>;

  abstract find(tenantId: TenantId, id: string): Promise<A | undefined>;

  /** Ordered by id; ids without an aggregate are skipped. */
  abstract findMany(tenantId: TenantId, ids: readonly string[]): Promise<A[]>;

  /** @throws Refusal `not_found` */
  abstract get(tenantId: TenantId, id: string): Promise<A>;
}
