import type { Provider } from '@nestjs/common';
import {
  type EntityManager,
  type EntityMetadata,
  type EntitySchema,
  type FindOptionsWhere,
  type QueryDeepPartialEntity,
} from 'typeorm';
import type { Aggregate } from '../domain/aggregate.js';
import { tenantsOf } from '../domain/by-tenant.js';
import { notFound } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { type Key, Store } from '../domain/store.js';
import { UnitOfWork } from './unit-of-work.js';

type Column = EntityMetadata['columns'][number];

/**
 * Stores aggregates and, in the same transaction, appends the events they recorded to the tenant's log.
 * The key is `(tenant_id, id)`; a mapped `version` column counts the changes.
 */
export class AggregateStore<A extends Aggregate> extends Store<A> {
  private changeable: readonly Column[] | undefined;

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
      transaction.append(aggregate.tenantId, aggregate.takeRecorded());
    });
  }

  async change<T>(tenantId: TenantId, id: string, decide: (aggregate: A) => T | Promise<T>): Promise<T> {
    return this.unitOfWork.run(tenantId, async (transaction) => {
      const { manager } = transaction;
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      const before = this.columnsOf(manager, aggregate);
      const result = await decide(aggregate);
      const changed = this.changesOf(manager, aggregate, before);
      if (changed) {
        const key = this.key(manager, tenantId, id);
        await manager.update(this.schema, key, changed as QueryDeepPartialEntity<A>);
      }
      transaction.append(aggregate.tenantId, aggregate.takeRecorded());
      return result;
    });
  }

  async changeMany<T>(keys: readonly Key[], decide: (aggregate: A) => T): Promise<T[]> {
    if (keys.length === 0) return [];
    return this.unitOfWork.run(tenantsOf(keys), async (transaction) => {
      const { manager } = transaction;
      const versioned = this.versionColumn(manager) !== undefined;
      const seen = await this.loadMany(manager, keys, versioned ? undefined : 'lock');
      const decided = this.decideOn(manager, seen, decide);
      const missed = await this.updateMany(manager, [...decided.values()]);
      if (missed.length > 0) {
        // Somebody was faster.
        const held = await this.loadMany(manager, missed, 'lock');
        const again = this.decideOn(manager, held, decide);
        await this.updateMany(manager, [...again.values()]);
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
    await this.unitOfWork.run(tenantId, async (transaction) => {
      const { manager } = transaction;
      const aggregate = await this.load(manager, tenantId, id, 'lock');
      if (!aggregate) throw notFound(this.kind);
      decide(aggregate);
      await manager.delete(this.schema, this.key(manager, tenantId, id));
      transaction.append(aggregate.tenantId, aggregate.takeRecorded());
    });
  }

  async find(tenantId: TenantId, id: string): Promise<A | undefined> {
    return this.unitOfWork.run(tenantId, ({ manager }) => this.load(manager, tenantId, id));
  }

  async findMany(tenantId: TenantId, ids: readonly string[]): Promise<A[]> {
    const keys = ids.map((id) => ({ tenantId, id }));
    return this.unitOfWork.run(tenantId, ({ manager }) => this.loadMany(manager, keys));
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

  /**
   * Locked in the order of the keys, so that two batches that meet wait for each other in one direction only. Each key is
   * sought by itself: for a list of them, a planner that knows little of a young table walks along all of the tenant's.
   */
  private async loadMany(manager: EntityManager, keys: readonly Key[], lock?: 'lock'): Promise<A[]> {
    const [tenant, own] = ['kept.tenantId', `kept.${this.idColumn(manager).propertyName}`];
    const chosen = manager
      .createQueryBuilder(this.schema, 'kept')
      .where(`(${tenant}, ${own}) IN (SELECT * FROM unnest(:tenantIds::text[], :ids::text[]))`, {
        tenantIds: keys.map(({ tenantId }) => tenantId),
        ids: keys.map(({ id }) => id),
      })
      .orderBy({ [tenant]: 'ASC', [own]: 'ASC' });
    return (lock ? chosen.setLock('pessimistic_write') : chosen).getMany();
  }

  private decideOn<T>(
    manager: EntityManager,
    aggregates: readonly A[],
    decide: (aggregate: A) => T,
  ): Map<string, Decision<A, T>> {
    const id = this.idColumn(manager);
    return new Map(
      aggregates.map((aggregate) => {
        const before = this.columnsOf(manager, aggregate);
        const result = decide(aggregate);
        const changes = this.changesOf(manager, aggregate, before);
        const key = { tenantId: aggregate.tenantId, id: String(id.getEntityValue(aggregate)) };
        return [nameOf(key), { key, aggregate, result, changes }];
      }),
    );
  }

  private key(manager: EntityManager, tenantId: TenantId, id: string): FindOptionsWhere<A> {
    const own = this.ownColumn(manager);
    return { tenantId, ...(own && { [own.propertyName]: id }) } as FindOptionsWhere<A>;
  }

  /** What the changeable columns hold; JSON as text, so that what `decide` changes inside of it is seen as a change. */
  private columnsOf(manager: EntityManager, aggregate: A): unknown[] {
    return this.changeableColumns(manager).map((column) => comparable(column.getEntityValue(aggregate)));
  }

  /** The columns that `decide` changed, with the version counted up; undefined when it changed none. */
  private changesOf(
    manager: EntityManager,
    aggregate: A,
    before: readonly unknown[],
  ): Record<string, unknown> | undefined {
    const after = this.columnsOf(manager, aggregate);
    const changed = this.changeableColumns(manager).filter((_, at) => after[at] !== before[at]);
    if (changed.length === 0) return undefined;
    const version = this.versionColumn(manager);
    version?.setEntityValue(aggregate, Number(version.getEntityValue(aggregate)) + 1);
    const columns = [...changed, ...(version ? [version] : [])];
    return Object.fromEntries(
      columns.map((column) => [column.propertyName, column.getEntityValue(aggregate)]),
    );
  }

  /** @returns the keys of those that somebody else has changed since they were read, and that it left alone */
  private async updateMany(
    manager: EntityManager,
    decisions: readonly Decision<A, unknown>[],
  ): Promise<Key[]> {
    const changed = decisions.filter(({ changes }) => changes);
    if (changed.length === 0) return [];
    const { columns, primaryColumns, tablePath } = this.metadata(manager);
    const id = this.idColumn(manager);
    const version = this.versionColumn(manager);
    const touched = new Set(changed.flatMap(({ changes }) => Object.keys(changes ?? {})));
    const set = columns.filter(({ propertyName }) => touched.has(propertyName));
    const rows = changed.map(({ aggregate }) =>
      Object.fromEntries(
        [...primaryColumns, ...set].map((column) => [column.databaseName, column.getEntityValue(aggregate)]),
      ),
    );
    const asRead = version ? `AND ${version.databaseName} = changed.${version.databaseName} - 1` : '';
    const still = version ? `AND kept.${version.databaseName} = found.${version.databaseName}` : '';
    // Each is sought by itself, and OFFSET 0 keeps it so: see `loadMany`.
    const [stored] = await manager.query<[Key[], number]>(
      `UPDATE ${tablePath} AS kept SET ${set.map(({ databaseName: name }) => `${name} = changed.${name}`).join(', ')}
         FROM json_populate_recordset(NULL::${tablePath}, $1) AS changed
        CROSS JOIN LATERAL (SELECT ctid${version ? `, ${version.databaseName}` : ''} FROM ${tablePath}
                             WHERE tenant_id = changed.tenant_id AND ${id.databaseName} = changed.${id.databaseName} ${asRead}
                            OFFSET 0) AS found
        WHERE kept.ctid = found.ctid ${still}
       RETURNING kept.tenant_id AS "tenantId", kept.${id.databaseName} AS id`,
      [JSON.stringify(rows)],
    );
    const done = new Set(stored.map(nameOf));
    return changed.map(({ key }) => key).filter((key) => !done.has(nameOf(key)));
  }

  private changeableColumns(manager: EntityManager): readonly Column[] {
    this.changeable ??= this.metadata(manager).columns.filter(
      ({ isPrimary, isUpdate }) => !isPrimary && isUpdate,
    );
    return this.changeable;
  }

  private versionColumn(manager: EntityManager): Column | undefined {
    return this.metadata(manager).findColumnWithPropertyName('version');
  }

  /** The key's column beside the tenant; a tenant itself has none. */
  private ownColumn(manager: EntityManager): Column | undefined {
    return this.metadata(manager).primaryColumns.find(({ propertyName }) => propertyName !== 'tenantId');
  }

  private idColumn(manager: EntityManager): Column {
    const id = this.ownColumn(manager);
    if (!id) throw new Error(`${this.schema.options.name} has no id beside its tenant`);
    return id;
  }

  private metadata(manager: EntityManager): EntityMetadata {
    return manager.dataSource.getMetadata(this.schema);
  }
}

interface Decision<A, T> {
  readonly key: Key;
  readonly aggregate: A;
  readonly result: T;
  readonly changes: Record<string, unknown> | undefined;
}

function nameOf({ tenantId, id }: Key): string {
  return `${tenantId} ${id}`;
}

function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'object' ? JSON.stringify(value) : value;
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
