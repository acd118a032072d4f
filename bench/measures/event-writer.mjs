import pg from 'pg';
import { newId } from '../../dist/kernel/domain/ids.js';

/** Publishes events as another replica does: appends them to the log in one transaction, then notifies. */
export async function openEventWriter(databaseUrl, tenantId) {
  const client = new pg.Client({ connectionString: databaseUrl });
  // When a run is interrupted, the database stops before this connection closes.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
  return {
    async publish(count) {
      const events = Array.from({ length: count }, () => newEvent(tenantId));
      await client.query('SELECT append_events($1)', [JSON.stringify(events)]);
      await client.query(`SELECT pg_notify('causeflow_events', $1)`, [tenantId]);
    },
    end: () => client.end(),
  };
}

function newEvent(tenantId) {
  const incidentId = newId('inc');
  return {
    tenantId,
    id: newId('evt'),
    type: 'incident.created',
    data: payloadOf(incidentId),
    incidentId,
    actor: null,
    correlationId: null,
  };
}

/** The data of one of the product's frames, for a peer that builds no envelope itself. */
export function newEnvelope(tenantId) {
  const timestamp = new Date().toISOString();
  return JSON.stringify({ event: 'incident.created', timestamp, tenantId, data: payloadOf(newId('inc')) });
}

function payloadOf(incidentId) {
  return {
    incidentId,
    title: 'Queue length of invoice-export above its usual level',
    severity: 'low',
    status: 'open',
    source: 'automated',
  };
}
