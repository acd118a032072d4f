import type { QueryRunner } from 'typeorm';

/** Everything that a migration can create, one line each, so that two states of a database can be compared line by line. */
export async function catalogOf(runner: QueryRunner): Promise<string[]> {
  const rows = (await runner.query(CATALOG)) as { line: string }[];
  return rows.map(({ line }) => line);
}

/** The difference of two catalogs: `+` for added lines, `-` for removed ones. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
  ];
}

/* Not graphile_worker, which migrates itself, and not the migrations table of TypeORM. */
const CATALOG = `
WITH space AS (
  SELECT oid, nspname, nspacl FROM pg_namespace
   WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'graphile_worker')
), relation AS (
  SELECT c.*, c.oid::regclass::text AS name FROM pg_class c JOIN space s ON s.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname NOT IN ('migrations', 'migrations_id_seq')
)
SELECT regexp_replace(line, '\\s+', ' ', 'g') AS line FROM (
  SELECT format('schema %s %s', nspname, nspacl) AS line FROM space
  UNION ALL
  SELECT format('relation %s kind=%s persistence=%s rls=%s/%s options=%s partition=%s %s grants=%s', name, relkind,
           relpersistence, relrowsecurity, relforcerowsecurity, reloptions, pg_get_partkeydef(oid),
           pg_get_expr(relpartbound, oid), relacl)
    FROM relation
  UNION ALL
  SELECT format('view %s %s', name, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT format('sequence %s %s %s..%s by %s cycle=%s', r.name, s.seqtypid::regtype, s.seqmin, s.seqmax, s.seqincrement, s.seqcycle)
    FROM pg_sequence s JOIN relation r ON r.oid = s.seqrelid
  UNION ALL
  SELECT format('column %s.%s %s collate=%s notnull=%s default=%s generated=%s identity=%s statistics=%s grants=%s', r.name, a.attname,
           format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, a.attstattarget, a.attacl)
    FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN relation r ON r.oid = i.indrelid
  UNION ALL
  SELECT format('constraint %s.%s %s', r.name, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN relation r ON r.oid = k.conrelid
  UNION ALL
  SELECT format('trigger %s %s', r.name, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
  UNION ALL
  SELECT format('policy %s.%s %s for %s to %s using %s check %s', tablename, policyname, permissive, cmd, roles, qual, with_check)
    FROM pg_policies JOIN space ON nspname = schemaname
  UNION ALL
  SELECT format('function %s grants=%s %s', p.oid::regprocedure, p.proacl, pg_get_functiondef(p.oid))
    FROM pg_proc p JOIN space s ON s.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
  UNION ALL
  SELECT format('aggregate %s grants=%s', p.oid::regprocedure, p.proacl)
    FROM pg_proc p JOIN space s ON s.oid = p.pronamespace WHERE p.prokind NOT IN ('f', 'p')
  UNION ALL
  SELECT format('type %s kind=%s base=%s notnull=%s labels=%s', t.oid::regtype, t.typtype, format_type(t.typbasetype, t.typtypmod),
           t.typnotnull, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN space s ON s.oid = t.typnamespace
   WHERE t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind = 'c'))
  UNION ALL
  SELECT format('extension %s', extname) FROM pg_extension
  UNION ALL
  SELECT format('default grants %s %s', defaclobjtype, defaclacl) FROM pg_default_acl
) AS catalog ORDER BY line`;
