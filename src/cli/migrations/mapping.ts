import { type DataSource, type EntityMetadata, type QueryRunner, TableColumn } from 'typeorm';

/** The differences between the mapped classes and their tables, one sentence each. */
export async function mappingFaults(source: DataSource): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    const faults: string[] = [];
    for (const mapped of source.entityMetadatas) {
      // PostgreSQL itself parses the mapped types, so that `timestamptz` equals `timestamp with time zone`.
      await runner.query(`CREATE TEMP TABLE "${mapped.tableName}" (${columnList(source, mapped)})`);
      faults.push(...(await faultsOf(runner, mapped)));
    }
    return faults;
  } finally {
    await runner.release();
  }
}

function columnList({ driver }: DataSource, { columns }: EntityMetadata): string {
  return columns
    .map((column) => {
      const { databaseName: name, length, precision, scale, isArray, isNullable } = column;
      const type = driver.normalizeType(column);
      const spelled = driver.createFullType(
        Object.assign(new TableColumn(), { type, length, precision, scale, isArray }),
      );
      return `"${name}" ${spelled} ${isNullable ? 'NULL' : 'NOT NULL'}`;
    })
    .join(', ');
}

async function faultsOf(runner: QueryRunner, { name, tableName }: EntityMetadata): Promise<string[]> {
  const rows = (await runner.query(
    `SELECT column_name, mapped.is AS mapped, made.is AS made
       FROM (${COLUMNS_OF} = pg_my_temp_schema()) AS mapped
       FULL JOIN (${COLUMNS_OF} = 'public'::regnamespace) AS made USING (column_name)
      WHERE mapped.is IS DISTINCT FROM made.is AND (mapped.is IS NOT NULL OR NOT made.generated)
      ORDER BY column_name`,
    [tableName],
  )) as { column_name: string; mapped: string | null; made: string | null }[];
  return rows.map(({ column_name, mapped, made }) => {
    const column = `${tableName}.${column_name}`;
    if (made === null) return `${column} is mapped by ${name}, and no migration makes it`;
    if (mapped === null) return `${column} is not mapped by ${name}`;
    return `${column} is ${made}, and ${name} maps it as ${mapped}`;
  });
}

/** Generated columns need not be mapped. */
const COLUMNS_OF = `
SELECT a.attname AS column_name, a.attgenerated <> '' AS generated,
       format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE ' nullable' END AS is
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relname = $1 AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace`;
