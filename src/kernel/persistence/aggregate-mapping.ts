import type { EntityMetadata, FindOptionsWhere } from 'typeorm';
import { sha256Hex } from '../crypto/secrets.js';
import type { Aggregate } from '../domain/aggregate.js';
import type { TenantId } from '../domain/ids.js';
import type { Key } from '../domain/store.js';
import type { Statement } from './unit-of-work.js';

type Column = EntityMetadata['columns'][number];

/** The changed properties of an aggregate. */
export type Changes = Readonly<Record<string, unknown>>;

/** The values of a row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** Maps one aggregate class to its table: its key, its changes since it was loaded, and the statements for many at once. */
export class AggregateMapping<A extends Aggregate> {
  private readonly updatable: readonly Column[];
  private readonly version: Column | undefined;
  /** The key column beside `tenant_id`; the tenants table has none. */
  private readonly idColumn: Column | undefined;

  constructor(private readonly metadata: EntityMetadata) {
    this.updatable = metadata.columns.filter(({ isPrimary, isUpdate }) => !isPrimary && isUpdate);
    this.version = metadata.findColumnWithPropertyName('version');
    this.idColumn = metadata.primaryColumns.find(({ propertyName }) => propertyName !== 'tenantId');
  }

  get isVersioned(): boolean {
    return this.version !== undefined;
  }

  get id(): Column {
    if (!this.idColumn) throw new Error(`${this.metadata.name} has no id besides its tenant`);
    return this.idColumn;
  }

  keyOf(aggregate: A): Key {
    return { tenantId: aggregate.tenantId, id: String(this.id.getEntityValue(aggregate)) };
  }

  whereKey(tenantId: TenantId, id: string): FindOptionsWhere<A> {
    const { idColumn } = this;
    return { tenantId, ...(idColumn && { [idColumn.propertyName]: id }) } as FindOptionsWhere<A>;
  }

  /**
   * Reads many by their keys, ordered by key. Rows are locked in the same order, so two concurrent batches cannot deadlock.
   * LATERAL with OFFSET 0 forces one index look-up per key: for a list of keys, the planner would scan all rows of the tenant
   * while a new table has no statistics.
   */
  selectMany(lock?: 'lock'): Statement {
    const { columns, tablePath } = this.metadata;
    const names = columns.map(({ databaseName }) => `"${databaseName}"`).join(', ');
    const text = `SELECT kept.*
       FROM (SELECT DISTINCT tenant_id COLLATE "C", id COLLATE "C" FROM unnest($1::text[], $2::text[]) AS key (tenant_id, id)
              ORDER BY 1, 2) AS sought (tenant_id, id)
      CROSS JOIN LATERAL (SELECT ${names} FROM ${tablePath}
                           WHERE tenant_id = sought.tenant_id AND ${this.id.databaseName} = sought.id OFFSET 0
                           ${lock ? 'FOR UPDATE' : ''}) AS kept
      ORDER BY sought.tenant_id, sought.id`;
    return { name: `read ${tablePath}${lock ? ' for update' : ''}`, text };
  }

  /** Makes the aggregate of a row of `selectMany`, without running its constructor. */
  hydrate(row: Row): A {
    const { columns, dataSource } = this.metadata;
    const { driver } = dataSource;
    const aggregate = this.metadata.create(undefined, { fromDeserializer: true }) as A;
    for (const column of columns)
      column.setEntityValue(aggregate, driver.prepareHydratedValue(row[column.databaseName], column));
    return aggregate;
  }

  /** The values of the updatable columns; JSON as text, so that a change inside a JSON value is detected. */
  snapshot(aggregate: A): unknown[] {
    return this.updatable.map((column) => comparable(column.getEntityValue(aggregate)));
  }

  /** The properties that differ from the snapshot, and the incremented version; undefined when nothing changed. */
  changesSince(before: readonly unknown[], aggregate: A): Changes | undefined {
    const after = this.snapshot(aggregate);
    const changed = this.updatable.filter((_, at) => after[at] !== before[at]);
    if (changed.length === 0) return undefined;
    const { version } = this;
    version?.setEntityValue(aggregate, Number(version.getEntityValue(aggregate)) + 1);
    const columns = [...changed, ...(version ? [version] : [])];
    return Object.fromEntries(
      columns.map((column) => [column.propertyName, column.getEntityValue(aggregate)]),
    );
  }

  /**
   * Updates many in one statement, which returns their keys. Aggregates whose version has changed since they were read are not
   * updated. One index look-up per key, as in `selectMany`.
   */
  updateMany(changed: readonly { readonly aggregate: A; readonly changes: Changes | undefined }[]): {
    readonly statement: Statement;
    readonly parameters: string[];
  } {
    const { columns, primaryColumns, tablePath } = this.metadata;
    const touched = new Set(changed.flatMap(({ changes }) => Object.keys(changes ?? {})));
    const set = columns.filter(({ propertyName }) => touched.has(propertyName));
    const rows = changed.map(({ aggregate }) =>
      Object.fromEntries(
        [...primaryColumns, ...set].map((column) => [column.databaseName, column.getEntityValue(aggregate)]),
      ),
    );
    const id = this.id.databaseName;
    const version = this.version?.databaseName;
    const asRead = version ? `AND ${version} = changed.${version} - 1` : '';
    const still = version ? `AND kept.${version} = found.${version}` : '';
    const text = `UPDATE ${tablePath} AS kept SET ${set.map(({ databaseName: name }) => `${name} = changed.${name}`).join(', ')}
       FROM json_populate_recordset(NULL::${tablePath}, $1) AS changed
      CROSS JOIN LATERAL (SELECT ctid${version ? `, ${version}` : ''} FROM ${tablePath}
                           WHERE tenant_id = changed.tenant_id AND ${id} = changed.${id} ${asRead} OFFSET 0) AS found
      WHERE kept.ctid = found.ctid ${still}
     RETURNING kept.tenant_id AS "tenantId", kept.${id} AS id`;
    // A caller mostly changes the same columns, so there are few different statements.
    const name = `update ${tablePath} ${sha256Hex(text).slice(0, 16)}`;
    return { statement: { name, text }, parameters: [JSON.stringify(rows)] };
  }
}

function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'object' ? JSON.stringify(value) : value;
}
