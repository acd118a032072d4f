import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import type pg from 'pg';
import { leastIdAt, newId, type TenantId } from '#kernel/domain/ids';
import { onOwnConnection } from '#kernel/persistence/own-connection';
import type { TenantSettings } from '#modules/tenants/api';
import { CREATE_DRAFTS, DRAFT, EVENTS, FROM_DRAFTS } from './seed-statements.js';
import { SeedError } from './seed-error.js';

export interface Amount {
  readonly incidents: number;
  readonly events: number;
  readonly tenants: number;
  /** How far back the oldest incident lies. */
  readonly months: number;
}

type Say = (line: string) => void;

/** Incidents in one transaction: enough for the overhead to vanish, few enough for a line every few seconds. */
const CHUNK = 20_000;
const MONTH_MS = 30 * 86_400_000;
const SETTINGS: TenantSettings = {
  autoInvestigateMinSeverity: 'critical',
  approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
  retentionDays: { events: 400 },
};

/**
 * Incidents spread evenly over the months and over the tenants, each with its alert, its triage and its share of the
 * events, in the order in which a live installation would have written them.
 * @throws SeedError when somebody lives in the database already
 */
export async function seedDatabase(url: string, amount: Amount, now: Date, say: Say): Promise<void> {
  await onOwnConnection({ connectionString: url, application_name: 'causeflow-seed' }, async (client) => {
    const { rowCount } = await client.query('SELECT FROM tenants LIMIT 1');
    if (rowCount !== 0) throw new SeedError('There are tenants in this database: seed an empty one.');
    // What a crash would lose is made up anyway.
    await client.query('SET synchronous_commit = off');
    await client.query(CREATE_DRAFTS);
    const password = randomBytes(18).toString('base64url');
    await seedTenants(client, amount, now, { password, say });
    // What a living database has had done to it by and by.
    say('Vacuuming and analysing…');
    await client.query('VACUUM (ANALYZE)');
    say(`Done. Sign in as seed-1@example.test to seed-${amount.tenants}@example.test with ${password}`);
  });
}

async function seedTenants(
  client: pg.Client,
  { incidents, events, tenants, months }: Amount,
  now: Date,
  { password, say }: { password: string; say: Say },
): Promise<void> {
  const passwordHash = await hash(password);
  const since = new Date(now.getTime() - months * MONTH_MS);
  for (let month = since.getTime(); month < now.getTime() + MONTH_MS; month += MONTH_MS / 2) {
    await client.query('SELECT make_event_month($1)', [new Date(month)]);
  }
  const startedAt = performance.now();
  let done = 0;
  for (let number = 1; number <= tenants; number += 1) {
    // As old as its first incident.
    const tenantId = leastIdAt('ten', new Date(since.getTime() - number)) as TenantId;
    const own = share(incidents, number, tenants);
    const perIncident = Math.round(events / incidents);
    await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
    await seedTenant(client, { tenantId, number, passwordHash, since, perIncident, own });
    const stepMs = Math.floor((now.getTime() - since.getTime()) / own);
    for (let from = 0; from < own; from += CHUNK) {
      const size = Math.min(CHUNK, own - from);
      await seedIncidents(client, { tenantId, since, stepMs, perIncident, from, to: from + size });
      done += size;
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      say(`${done} of ${incidents} incidents, ${done * perIncident} events, ${seconds} s`);
    }
  }
}

/** The first tenants get one more when it does not come out even. */
function share(whole: number, number: number, parts: number): number {
  return Math.floor(whole / parts) + (number <= whole % parts ? 1 : 0);
}

async function seedTenant(
  client: pg.Client,
  tenant: {
    tenantId: TenantId;
    number: number;
    passwordHash: string;
    since: Date;
    perIncident: number;
    own: number;
  },
): Promise<void> {
  const { tenantId, number, passwordHash, since, perIncident, own } = tenant;
  const email = `seed-${number}@example.test`;
  await client.query(
    `INSERT INTO tenants (tenant_id, name, plan, status, settings, created_at, updated_at)
     VALUES ($1, $2, 'enterprise', 'active', $3, $4, $4)`,
    [tenantId, `Seed ${number}`, SETTINGS, since],
  );
  await client.query(
    `INSERT INTO users (tenant_id, user_id, email, email_key, name, role, password_hash, created_at, updated_at)
     VALUES ($1, $2, $3, $3, 'Seed', 'admin', $4, $5, $5)`,
    [tenantId, newId('user'), email, passwordHash, since],
  );
  // The relay has nothing to do: what happened months ago is not acted on now.
  await client.query('INSERT INTO event_stream (tenant_id, seq, relayed) VALUES ($1, $2, $2)', [
    tenantId,
    own * perIncident,
  ]);
}

interface Chunk {
  readonly tenantId: TenantId;
  readonly since: Date;
  /** Between one incident of the tenant and the next. */
  readonly stepMs: number;
  readonly perIncident: number;
  readonly from: number;
  readonly to: number;
}

async function seedIncidents(client: pg.Client, chunk: Chunk): Promise<void> {
  const { tenantId, since, stepMs, perIncident, from, to } = chunk;
  await client.query('BEGIN');
  await client.query(DRAFT, [since, stepMs, from, to]);
  for (const statement of FROM_DRAFTS) await client.query(statement, [tenantId]);
  await client.query(EVENTS, [tenantId, perIncident, stepMs]);
  await client.query('COMMIT');
}
