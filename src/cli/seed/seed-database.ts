import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import type pg from 'pg';
import { leastIdAt, newId, type TenantId } from '#kernel/domain/ids';
import { onOwnConnection } from '#kernel/persistence/own-connection';
import type { TenantSettings } from '#modules/tenants/api';
import { CREATE_DRAFTS, DRAFT, EVENTS, FROM_DRAFTS } from './seed-statements.js';
import { SeedError } from './seed-error.js';

export interface SeedSize {
  readonly incidents: number;
  readonly events: number;
  readonly tenants: number;
  /** Age of the oldest incident. */
  readonly months: number;
}

type Log = (line: string) => void;

/** Incidents per transaction: enough to amortise its overhead, few enough to report progress every few seconds. */
const BATCH_SIZE = 20_000;
const MONTH_MS = 30 * 86_400_000;
const SETTINGS: TenantSettings = {
  autoInvestigateMinSeverity: 'critical',
  approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
  retentionDays: { events: 400 },
};

/**
 * Inserts incidents, evenly over the months and the tenants, each with its alert, triage and events, in the order in which a
 * live installation would have written them.
 * @throws SeedError if the database has tenants
 */
export async function seedDatabase(url: string, size: SeedSize, now: Date, log: Log): Promise<void> {
  await onOwnConnection({ connectionString: url, application_name: 'causeflow-seed' }, async (client) => {
    const { rowCount } = await client.query('SELECT FROM tenants LIMIT 1');
    if (rowCount !== 0) throw new SeedError('The database already has tenants. Seed an empty one.');
    // Generated data may be lost in a crash.
    await client.query('SET synchronous_commit = off');
    await client.query(CREATE_DRAFTS);
    const password = randomBytes(18).toString('base64url');
    await seedTenants(client, size, now, { password, log });
    // As autovacuum does in a live database.
    log('Vacuuming and analysing…');
    await client.query('VACUUM (ANALYZE)');
    log(`Done. Sign in as seed-1@example.test to seed-${size.tenants}@example.test with ${password}`);
  });
}

async function seedTenants(
  client: pg.Client,
  { incidents, events, tenants, months }: SeedSize,
  now: Date,
  { password, log }: { password: string; log: Log },
): Promise<void> {
  const passwordHash = await hash(password);
  const since = new Date(now.getTime() - months * MONTH_MS);
  for (let month = since.getTime(); month < now.getTime() + MONTH_MS; month += MONTH_MS / 2) {
    await client.query('SELECT make_event_month($1)', [new Date(month)]);
  }
  const startedAt = performance.now();
  let done = 0;
  for (let number = 1; number <= tenants; number += 1) {
    // An id as old as the tenant's first incident.
    const tenantId = leastIdAt('ten', new Date(since.getTime() - number)) as TenantId;
    const ownIncidents = share(incidents, number, tenants);
    const perIncident = Math.round(events / incidents);
    await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
    await seedTenant(client, { tenantId, number, passwordHash, since, perIncident, ownIncidents });
    const stepMs = Math.floor((now.getTime() - since.getTime()) / ownIncidents);
    for (let from = 0; from < ownIncidents; from += BATCH_SIZE) {
      const count = Math.min(BATCH_SIZE, ownIncidents - from);
      await seedIncidents(client, { tenantId, since, stepMs, perIncident, from, to: from + count });
      done += count;
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      log(`${done} of ${incidents} incidents, ${done * perIncident} events, ${seconds} s`);
    }
  }
}

/** An equal part of a total; the remainder goes to the first tenants. */
function share(total: number, number: number, parts: number): number {
  return Math.floor(total / parts) + (number <= total % parts ? 1 : 0);
}

async function seedTenant(
  client: pg.Client,
  tenant: {
    tenantId: TenantId;
    number: number;
    passwordHash: string;
    since: Date;
    perIncident: number;
    ownIncidents: number;
  },
): Promise<void> {
  const { tenantId, number, passwordHash, since, perIncident, ownIncidents } = tenant;
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
  // Everything counts as relayed: handlers must not act on months-old events.
  await client.query('INSERT INTO event_stream (tenant_id, seq, relayed) VALUES ($1, $2, $2)', [
    tenantId,
    ownIncidents * perIncident,
  ]);
}

interface Batch {
  readonly tenantId: TenantId;
  readonly since: Date;
  /** Time between two incidents of the tenant. */
  readonly stepMs: number;
  readonly perIncident: number;
  readonly from: number;
  readonly to: number;
}

async function seedIncidents(client: pg.Client, batch: Batch): Promise<void> {
  const { tenantId, since, stepMs, perIncident, from, to } = batch;
  await client.query('BEGIN');
  await client.query(DRAFT, [since, stepMs, from, to]);
  for (const statement of FROM_DRAFTS) await client.query(statement, [tenantId]);
  await client.query(EVENTS, [tenantId, perIncident, stepMs]);
  await client.query('COMMIT');
}
