import pg from 'pg';
import { SealedText } from '../../dist/kernel/crypto/sealed-text.js';
import { sha256Hex } from '../../dist/kernel/crypto/secrets.js';
import { newId } from '../../dist/kernel/domain/ids.js';
import { secretContext } from '../../dist/modules/users/api-keys/api-key-cache.js';
import { SECRETS } from './processes.mjs';
import { makeSenders } from './senders.mjs';

/** Tenants per statement: row-level security looks up the tenant of each row in a list of this length. */
const CHUNK = 500;
const SETTINGS = {
  autoInvestigateMinSeverity: 'medium',
  approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
  retentionDays: { events: 400 },
};

/**
 * Inserts tenants directly into a database, each with an empty log and one key that sends alerts and reads events.
 * @returns senders, see `makeSenders`
 */
export async function insertTenants(databaseUrl, count) {
  const senders = makeSenders(count);
  const sealed = new SealedText(SECRETS.ENCRYPTION_KEY);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('SET synchronous_commit = off');
  for (let start = 0; start < count; start += CHUNK) {
    const rows = senders.slice(start, start + CHUNK).map((sender) => toRow(sender, sealed));
    await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [
      rows.map(({ tenantId }) => tenantId).join(','),
    ]);
    await client.query(INSERT, [JSON.stringify(rows), SETTINGS]);
  }
  await client.query('VACUUM (ANALYZE) tenants, api_keys, event_stream');
  await client.end();
  return senders;
}

function toRow({ tenantId, key, secret }, sealed) {
  const keyId = newId('key');
  const webhookSecret = sealed.seal(secret, secretContext(tenantId, keyId));
  return { tenantId, keyId, keyHash: sha256Hex(key), prefix: key.slice(0, 12), webhookSecret };
}

const INSERT = `
  WITH input AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS f (
      "tenantId" text, "keyId" text, "keyHash" text, prefix text, "webhookSecret" text)
  ), new_tenants AS (
    INSERT INTO tenants (tenant_id, name, plan, status, settings, created_at, updated_at)
    SELECT "tenantId", 'Bench', 'pro', 'active', $2::jsonb, now(), now() FROM input
  ), new_logs AS (
    INSERT INTO event_stream (tenant_id) SELECT "tenantId" FROM input
  )
  INSERT INTO api_keys (tenant_id, key_id, name, prefix, key_hash, scopes, webhook_secret, created_by, created_at)
  SELECT "tenantId", "keyId", 'bench', prefix, "keyHash", '["webhooks:write", "events:read"]', "webhookSecret",
         'bench', now() FROM input`;
