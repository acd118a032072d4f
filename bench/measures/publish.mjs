import pg from 'pg';
import { newId } from '../../dist/kernel/domain/ids.js';

/** Publishes events as another replica would: into the log in one transaction, and a nudge. */
export async function eventWriter(databaseUrl, tenantId) {
  const client = new pg.Client({ connectionString: databaseUrl });
  // When a run is broken off, the database ends before this connection.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
  return {
    async publish(count) {
      const events = Array.from({ length: count }, () => eventOf(tenantId));
      await client.query('SELECT append_events($1)', [JSON.stringify(events)]);
      await client.query(`SELECT pg_notify('causeflow_events', $1)`, [tenantId]);
    },
    end: () => client.end(),
  };
}

function eventOf(tenantId) {
  const incidentId = newId('inc');
  return {
    tenantId,
    id: newId('evt'),
    type: 'incident.created',
    data: dataOf(incidentId),
    incidentId,
    actor: null,
    correlationId: null,
  };
}

/** What a frame of the product holds, for a peer that makes no envelope of its own. */
export function envelopeOf(tenantId) {
  const timestamp = new Date().toISOString();
  return JSON.stringify({ event: 'incident.created', timestamp, tenantId, data: dataOf(newId('inc')) });
}

function dataOf(incidentId) {
  return {
    incidentId,
    title: 'Queue length of invoice-export above its usual level',
    severity: 'low',
    status: 'open',
    source: 'automated',
  };
}
