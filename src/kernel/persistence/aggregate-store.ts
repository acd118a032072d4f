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
 * The primary key is `(tenant_id, id)`. A mapped `version` column is incremented at each change.
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
      // insert, because save would first query whether the row exists
      await manager.insert(this.schema, aggregate as QueryDeepPartialEntity<A>);
      append(aggregate.tenantId, aggregate.takeRecorded());
    });
  }

  async addWithin(limit: number, aggregate: A): Promise<void> {
    const { tenantId } = aggregate;
    await this.unitOfWork.run(tenantId, async ({ manager }) => {
      await this.unitOfWork.takeLock(tenantId, `adds ${this.kind}`);
      const count = await manager.countBy(this.schema, { tenantId } as FindOptionsWhere<A>);
      if (count >= limit)
        throw new Refusal('quota_exceeded', `There are ${limit} ${this.kind}s already; delete one first.`);
      await this.add(aggregate);
    });
  }

  async change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T> {
    return this.unitOfWork.run(tenantId, async ({ manager, append }) => {
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      const before = this.mapping.snapshot(aggregate);
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
      const loaded = await this.loadMany(transaction, keys, this.mapping.isVersioned ? undefined : 'lock');
      const decisions = this.decideOn(loaded, decide);
      const conflicts = await this.updateMany(transaction, decisions);
      if (conflicts.length > 0) {
        const locked = await this.loadMany(transaction, conflicts, 'lock');
        const again = this.decideOn(locked, decide);
        await this.updateMany(transaction, again);
        for (const key of conflicts) {
          const decision = again.get(nameOf(key));
          if (decision) decisions.set(nameOf(key), decision);
          else decisions.delete(nameOf(key));
        }
      }
      for (const { key, aggregate } of decisions.values())
        transaction.append(key.tenantId, aggregate.takeRecorded());
      return Array.from(decisions.values(), ({ result }) => result);
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
    return rows.map((row) => this.mapping.hydrate(row));
  }

  /** @returns the decisions by the name of their key, in the order of the aggregates */
  private decideOn<T>(aggregates: readonly A[], decide: (aggregate: A) => T): Map<string, Decision<A, T>> {
    return new Map(
      aggregates.map((aggregate) => {
        const before = this.mapping.snapshot(aggregate);
        const result = decide(aggregate);
        const changes = this.mapping.changesSince(before, aggregate);
        const key = this.mapping.keyOf(aggregate);
        return [nameOf(key), { key, aggregate, result, changes }];
      }),
    );
  }

  /** @returns the keys of the aggregates that were changed concurrently, and so were not updated */
  private async updateMany(
    { query }: Transaction,
    decisions: ReadonlyMap<string, Decision<A, unknown>>,
  ): Promise<Key[]> {
    const changed = [...decisions.values()].filter(({ changes }) => changes);
    if (changed.length === 0) return [];
    const { statement, parameters } = this.mapping.updateMany(changed);
    const updated = new Set((await query<Key>(statement, parameters)).map(nameOf));
    return changed.map(({ key }) => key).filter((key) => !updated.has(nameOf(key)));
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
