import type { Provider } from '@nestjs/common';
import type {
  EntityManager,
  EntityMetadata,
  EntitySchema,
  FindOptionsWhere,
  QueryDeepPartialEntity,
} from 'typeorm';
import type { Aggregate } from '../domain/aggregate.js';
import { notFound } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { Store } from '../domain/store.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Stores aggregates and, in the same transaction, appends the events they recorded to the tenant's log.
 * The key is `(tenant_id, id)`; a mapped `version` column counts the changes.
 */
export class AggregateStore<A extends Aggregate> extends Store<A> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly schema: EntitySchema<A>,
  ) {
    super();
  }

  async add(aggregate: A): Promise<void> {
    await this.unitOfWork.run(aggregate.tenantId, async (transaction) => {
      // insert, since save would first ask whether the row is there
      await transaction.manager.insert(this.schema, aggregate as QueryDeepPartialEntity<A>);
      transaction.append(aggregate.takeRecorded());
    });
  }

  async change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T> {
    return this.unitOfWork.run(tenantId, async (transaction) => {
      const { manager } = transaction;
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      const before = this.columnsOf(manager, aggregate);
      const result = await decide(aggregate);
      const after = this.columnsOf(manager, aggregate);
      if (JSON.stringify(before) !== JSON.stringify(after)) {
        this.countChange(manager, aggregate, after);
        await manager.update(
          this.schema,
          this.key(manager, tenantId, id),
          after as QueryDeepPartialEntity<A>,
        );
      }
      transaction.append(aggregate.takeRecorded());
      return result;
    });
  }

  async remove(tenantId: TenantId, id: string, decide: (aggregate: A) => void): Promise<void> {
    await this.unitOfWork.run(tenantId, async (transaction) => {
      const { manager } = transaction;
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      decide(aggregate);
      await manager.delete(this.schema, this.key(manager, tenantId, id));
      transaction.append(aggregate.takeRecorded());
    });
  }

  async find(tenantId: TenantId, id: string): Promise<A | undefined> {
    return this.unitOfWork.run(tenantId, ({ manager }) => this.load(manager, tenantId, id));
  }

  async get(tenantId: TenantId, id: string): Promise<A> {
    const aggregate = await this.find(tenantId, id);
    if (!aggregate) throw notFound(this.kind);
    return aggregate;
  }

  private get kind(): string {
    return this.schema.options.name.toLowerCase();
  }

  private async load(
    manager: EntityManager,
    tenantId: TenantId,
    id: string,
    lock?: 'lock',
  ): Promise<A | undefined> {
    const where = this.key(manager, tenantId, id);
    const row = await manager.findOne(this.schema, {
      where,
      ...(lock && { lock: { mode: 'pessimistic_write' } }),
    });
    return row ?? undefined;
  }

  private key(manager: EntityManager, tenantId: TenantId, id: string): FindOptionsWhere<A> {
    const own = this.metadata(manager).primaryColumns.find(({ propertyName }) => propertyName !== 'tenantId');
    // A tenant itself has no other id.
    return { tenantId, ...(own && { [own.propertyName]: id }) } as FindOptionsWhere<A>;
  }

  private columnsOf(manager: EntityManager, aggregate: A): Record<string, unknown> {
    const columns = this.metadata(manager).columns.filter(
      ({ isPrimary, isUpdate }) => !isPrimary && isUpdate,
    );
    // A deep copy, so that what `decide` changes inside a JSON column is seen as a change.
    return structuredClone(
      Object.fromEntries(columns.map((column) => [column.propertyName, column.getEntityValue(aggregate)])),
    );
  }

  private countChange(manager: EntityManager, aggregate: A, columns: Record<string, unknown>): void {
    const version = this.metadata(manager).findColumnWithPropertyName('version');
    if (!version) return;
    columns['version'] = Number(columns['version']) + 1;
    version.setEntityValue(aggregate, columns['version']);
  }

  private metadata(manager: EntityManager): EntityMetadata {
    return manager.dataSource.getMetadata(this.schema);
  }
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
