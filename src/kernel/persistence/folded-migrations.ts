import type { QueryRunner } from 'typeorm';
import { StartError } from '../config/start-error.js';

/*
 * Before the first release 39 migrations were squashed into others that create the same schema. This file converts older databases
 * and backups. After the first release delete it, with the lines that call it and test/kernel/folded-migrations.e2e-spec.ts.
 */
export const OLD = `
  tenancy1763700000000 event-log1763700001000 jobs1763700002000 http1763700003000 figures1763700004000
  purge1763700005000 incidents1763700010000 incident-evidence1763700011000 tenants1763700020000
  users1763700020010 api-keys1763700020020 investigations1763700030000 changes1763700031000
  remediations1763700040000 integrations1763700050000 triggers1763700051000 knowledge1763700060000
  events-by-type1763700070000 stream-tickets1763700070001 unread-sources1763700080000
  search-by-tenant1763700081000 changes-by-type1763700082000 event-months1763700083000
  investigation-queues1763700084000 event-publications1763700085000 model-calls1763700090000
  native-alerts1763700095000 alert-history1763700121000 steady-search-index1763700122000
  relay-by-candidates1763700123000 wall-beside-plans1763700124000 unfinished-evidence1763700125000
  encryption-keys1763700126000 words-after-triage1763700130000 lean-log1763700141000 lean-triage1763700142000
  handled-places1763700151000 incidents-by-second1763700153000 what-runs-go-back-to1763700161000`
  .trim()
  .split(/\s+/);
export const FOLDED = `
  tenancy1764000000000 purge1764000001000 event-log1764000010000 relay1764000011000 handled-places1764000012000
  event-publications1764000013000 stream-tickets1764000014000 jobs1764000020000 http1764000021000
  encryption-keys1764000022000 tenants1764000030000 users1764000031000 api-keys1764000032000
  incidents1764000040000 alerts1764000041000 incident-evidence1764000042000 triage1764000050000
  investigations1764000051000 model-calls1764000052000 changes1764000053000 remediations1764000060000
  integrations1764000070000 triggers1764000071000 knowledge1764000080000`
  .trim()
  .split(/\s+/);

/**
 * @param ran the migrations that ran on a database or a backup
 * @returns the same, with the squashed ones replaced by today's
 * @throws StartError when only some of the squashed ones ran
 */
export function afterFold(ran: readonly string[]): string[] {
  const had = OLD.filter((name) => ran.includes(name)).length;
  if (had === 0) return [...ran];
  if (had === OLD.length) return [...FOLDED, ...ran.filter((name) => !OLD.includes(name))];
  throw new StartError(
    `An earlier version made this and has run only ${had} of its ${OLD.length} migrations, whose last is ${String(OLD.at(-1))}; ` +
      'others stand in their place now. Start the last version that has them on it once, which runs the rest (a backup is restored ' +
      'by it first): git checkout "$(git rev-list -1 HEAD -- migrations/1763700161000-what-runs-go-back-to.sql)^"',
  );
}

/** Replaces the names of the squashed migrations by today's. Runs no migration. */
export async function takeOver(runner: QueryRunner): Promise<void> {
  if (!(await runner.hasTable('migrations'))) return;
  const ran = (await runner.query('SELECT name FROM migrations')) as { name: string }[];
  afterFold(ran.map(({ name }) => name));
  // One statement, so it is atomic. Without old names it changes nothing.
  await runner.query(
    `WITH gone AS (DELETE FROM migrations WHERE name = ANY ($1))
     UPDATE migrations SET name = folded, timestamp = right(folded, 13)::bigint
       FROM unnest($2::text[], $3::text[]) AS place (old, folded) WHERE name = old`,
    [OLD.slice(FOLDED.length), OLD.slice(0, FOLDED.length), FOLDED],
  );
}
