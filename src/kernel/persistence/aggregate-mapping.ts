import type { EntityMetadata, FindOptionsWhere } from 'typeorm';
import { sha256Hex } from '../crypto/secrets.js';
import type { Aggregate } from '../domain/aggregate.js';
import type { TenantId } from '../domain/ids.js';
import type { Key } from '../domain/store.js';
import type { Statement } from './unit-of-work.js';

type Column = EntityMetadata['columns'][number];

/** What has changed of an aggregate, by the names of its class. */
export type Changes = Readonly<Record<string, unknown>>;

/** What the columns of a table hold, by their names there. */
export type Row = Readonly<Record<string, unknown>>;

/** How one kind of aggregates lies in its table: by which key, and what of a row has to be written. */
export class AggregateMapping<A extends Aggregate> {
  private readonly changeable: readonly Column[];
  private readonly version: Column | undefined;
  /** The key's column beside the tenant; a tenant itself has none. */
  private readonly own: Column | undefined;

  constructor(private readonly metadata: EntityMetadata) {
    this.changeable = metadata.columns.filter(({ isPrimary, isUpdate }) => !isPrimary && isUpdate);
    this.version = metadata.findColumnWithPropertyName('version');
    this.own = metadata.primaryColumns.find(({ propertyName }) => propertyName !== 'tenantId');
  }

  get isVersioned(): boolean {
    return this.version !== undefined;
  }

  get id(): Column {
    if (!this.own) throw new Error(`${this.metadata.name} has no id beside its tenant`);
    return this.own;
  }

  keyOf(aggregate: A): Key {
    return { tenantId: aggregate.tenantId, id: String(this.id.getEntityValue(aggregate)) };
  }

  whereKey(tenantId: TenantId, id: string): FindOptionsWhere<A> {
    return { tenantId, ...(this.own && { [this.own.propertyName]: id }) } as FindOptionsWhere<A>;
  }

  /**
   * Reads many by their keys, in their order, which is also that of the locks: two batches that meet wait for each other in
   * one direction only. Each is sought by itself, and OFFSET 0 keeps it so: for a list of them, a planner that knows little of
   * a young table walks along all of the tenant's.
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

  /** The aggregate that lies in a row of `selectMany`. Its constructor is not run. */
  revive(row: Row): A {
    const { columns, dataSource } = this.metadata;
    const { driver } = dataSource;
    const aggregate = this.metadata.create(undefined, { fromDeserializer: true }) as A;
    for (const column of columns)
      column.setEntityValue(aggregate, driver.prepareHydratedValue(row[column.databaseName], column));
    return aggregate;
  }

  /** What the changeable columns hold; JSON as text, so that what is changed inside of it is seen as a change. */
  contentsOf(aggregate: A): unknown[] {
    return this.changeable.map((column) => comparable(column.getEntityValue(aggregate)));
  }

  /** The columns that hold something else than before, with the version counted up; undefined when none does. */
  changesSince(before: readonly unknown[], aggregate: A): Changes | undefined {
    const after = this.contentsOf(aggregate);
    const changed = this.changeable.filter((_, at) => after[at] !== before[at]);
    if (changed.length === 0) return undefined;
    const { version } = this;
    version?.setEntityValue(aggregate, Number(version.getEntityValue(aggregate)) + 1);
    const columns = [...changed, ...(version ? [version] : [])];
    return Object.fromEntries(
      columns.map((column) => [column.propertyName, column.getEntityValue(aggregate)]),
    );
  }

  /**
   * Writes many in one statement, and answers the keys of those that nobody else has changed since they were read: it leaves
   * the others alone. Each is sought by itself, and OFFSET 0 keeps it so; see `selectMany`.
   */
  updateOf(changed: readonly { readonly aggregate: A; readonly changes: Changes | undefined }[]): {
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
    // Whoever changes many changes much the same of them: a handful of statements.
    const name = `update ${tablePath} ${sha256Hex(text).slice(0, 16)}`;
    return { statement: { name, text }, parameters: [JSON.stringify(rows)] };
  }
}

function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'object' ? JSON.stringify(value) : value;
}
