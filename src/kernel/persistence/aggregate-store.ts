import type { Provider } from '@nestjs/common';
import type { EntityManager, EntitySchema, FindOptionsWhere, QueryDeepPartialEntity } from 'typeorm';
import type { Aggregate } from '../domain/aggregate.js';
import { tenantsOf } from '../domain/by-tenant.js';
import { notFound, Refusal } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { type Key, Store } from '../domain/store.js';
import { AggregateMapping, type Changes, type Row } from './aggregate-mapping.js';
import { type Transaction, UnitOfWork } from './unit-of-work.js';

/**
 * Stores aggregates and, in the same transaction, appends the events they recorded to the tenant's log.
 * The key is `(tenant_id, id)`; a mapped `version` column counts the changes.
 */
export class AggregateStore<A extends Aggregate> extends Store<A> {
  private readonly mapping: AggregateMapping<A>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly schema: EntitySchema<A>,
  ) {
    super();
    this.mapping = new AggregateMapping(unitOfWork.metadataOf(schema));
  }

  async add(aggregate: A): Promise<void> {
    await this.unitOfWork.run(aggregate.tenantId, async ({ manager, append }) => {
      // insert, since save would first ask whether the row is there
      await manager.insert(this.schema, aggregate as QueryDeepPartialEntity<A>);
      append(aggregate.tenantId, aggregate.takeRecorded());
    });
  }

  async addWithin(most: number, aggregate: A): Promise<void> {
    const { tenantId } = aggregate;
    await this.unitOfWork.run(tenantId, async ({ manager }) => {
      await this.unitOfWork.takeTurn(tenantId, `adds ${this.kind}`);
      const there = await manager.countBy(this.schema, { tenantId } as FindOptionsWhere<A>);
      if (there >= most)
        throw new Refusal('quota_exceeded', `There are ${most} ${this.kind}s already; delete one first.`);
      await this.add(aggregate);
    });
  }

  async change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T> {
    return this.unitOfWork.run(tenantId, async ({ manager, append }) => {
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      const before = this.mapping.contentsOf(aggregate);
      const result = await decide(aggregate);
      const changes = this.mapping.changesSince(before, aggregate);
      if (changes) {
        const key = this.mapping.whereKey(tenantId, id);
        await manager.update(this.schema, key, changes as QueryDeepPartialEntity<A>);
      }
      append(aggregate.tenantId, aggregate.takeRecorded());
      return result;
    });
  }

  async changeMany<T>(keys: readonly Key[], decide: (aggregate: A) => T): Promise<T[]> {
    if (keys.length === 0) return [];
    return this.unitOfWork.run(tenantsOf(keys), async (transaction) => {
      const seen = await this.loadMany(transaction, keys, this.mapping.isVersioned ? undefined : 'lock');
      const decided = this.decideOn(seen, decide);
      const missed = await this.updateMany(transaction, [...decided.values()]);
      if (missed.length > 0) {
        // Somebody was faster.
        const held = await this.loadMany(transaction, missed, 'lock');
        const again = this.decideOn(held, decide);
        await this.updateMany(transaction, [...again.values()]);
        for (const key of missed) {
          const decision = again.get(nameOf(key));
          if (decision) decided.set(nameOf(key), decision);
          else decided.delete(nameOf(key));
        }
      }
      const decisions = [...decided.values()];
      for (const { key, aggregate } of decisions) transaction.append(key.tenantId, aggregate.takeRecorded());
      return decisions.map(({ result }) => result);
    });
  }

  async remove(tenantId: TenantId, id: string, decide: (aggregate: A) => void): Promise<void> {
    await this.unitOfWork.run(tenantId, async ({ manager, append }) => {
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      decide(aggregate);
      await manager.delete(this.schema, this.mapping.whereKey(tenantId, id));
      append(aggregate.tenantId, aggregate.takeRecorded());
    });
  }

  async find(tenantId: TenantId, id: string): Promise<A | undefined> {
    return this.unitOfWork.run(tenantId, ({ manager }) => this.load(manager, tenantId, id));
  }

  async findMany(tenantId: TenantId, ids: readonly string[]): Promise<A[]> {
    if (ids.length === 0) return [];
    const keys = ids.map((id) => ({ tenantId, id }));
    return this.unitOfWork.run(tenantId, (transaction) => this.loadMany(transaction, keys));
  }

  async get(tenantId: TenantId, id: string): Promise<A> {
    const aggregate = await this.find(tenantId, id);
    if (!aggregate) throw notFound(this.kind);
    return aggregate;
  }

  private get kind(): string {
    return this.schema.options.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  }

  private async load(
    manager: EntityManager,
    tenantId: TenantId,
    id: string,
    lock?: 'lock',
  ): Promise<A | undefined> {
    const where = this.mapping.whereKey(tenantId, id);
    const row = await manager.findOne(this.schema, {
      where,
      ...(lock && { lock: { mode: 'pessimistic_write' } }),
    });
    return row ?? undefined;
  }

  private async loadMany({ query }: Transaction, keys: readonly Key[], lock?: 'lock'): Promise<A[]> {
    const rows = await query<Row>(this.mapping.selectMany(lock), [
      keys.map(({ tenantId }) => tenantId),
      keys.map(({ id }) => id),
    ]);
    return rows.map((row) => this.mapping.revive(row));
  }

  private decideOn<T>(aggregates: readonly A[], decide: (aggregate: A) => T): Map<string, Decision<A, T>> {
    return new Map(
      aggregates.map((aggregate) => {
        const before = this.mapping.contentsOf(aggregate);
        const result = decide(aggregate);
        const changes = this.mapping.changesSince(before, aggregate);
        const key = this.mapping.keyOf(aggregate);
        return [nameOf(key), { key, aggregate, result, changes }];
      }),
    );
  }

  /** @returns the keys of those that somebody else has changed since they were read, and that it left alone */
  private async updateMany(
    { query }: Transaction,
    decisions: readonly Decision<A, unknown>[],
  ): Promise<Key[]> {
    const changed = decisions.filter(({ changes }) => changes);
    if (changed.length === 0) return [];
    const { statement, parameters } = this.mapping.updateOf(changed);
    const stored = await query<Key>(statement, parameters);
    const done = new Set(stored.map(nameOf));
    return changed.map(({ key }) => key).filter((key) => !done.has(nameOf(key)));
  }
}

interface Decision<A, T> {
  readonly key: Key;
  readonly aggregate: A;
  readonly result: T;
  readonly changes: Changes | undefined;
}

function nameOf({ tenantId, id }: Key): string {
  return `${tenantId} ${id}`;
}

/** Binds a module's port to its table: `provideStore(Incidents, incidentSchema)`. */
export function provideStore<A extends Aggregate>(
  port: abstract new () => Store<A>,
  schema: EntitySchema<A>,
): Provider {
  return {
    provide: port,
    inject: [UnitOfWork],
    useFactory: (unitOfWork: UnitOfWork) => new AggregateStore(unitOfWork, schema),
  };
}
