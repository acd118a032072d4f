import { Inject, Injectable, Logger } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { type Chore, Daily } from '#kernel/jobs/daily';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '../events.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const TENANTS_A_PAGE = 500;
/** In one transaction: few enough that locks are held for milliseconds. The event lists no more ids than that. */
const INCIDENTS_A_BATCH = 500;

interface OldIncident {
  readonly incidentId: string;
  readonly updatedAt: Date;
  readonly isWorkedOn: boolean;
}

/**
 * Deletes incidents that outlived `INCIDENT_RETENTION_DAYS`, with their alerts and evidence. Other modules react to
 * the event by deleting their own rows. An incident that is being worked on, or whose alert still repeats, stays.
 */
@Injectable()
@Daily('delete-old-incidents')
export class DeleteOldIncidents implements Chore {
  private readonly log = new Logger(DeleteOldIncidents.name);

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const days = this.config.incidentRetentionDays;
    if (days === 0) return;
    const before = new Date(this.clock.now().getTime() - days * DAY_MS);
    let deleted = 0;
    const failures: unknown[] = [];
    for await (const tenantId of this.tenants(before)) {
      try {
        deleted += await this.deleteOf(tenantId, before, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        // The other tenants do not wait for the retry.
        this.log.error(error, `Cannot delete old incidents of ${tenantId}`);
        failures.push(error);
      }
    }
    if (deleted > 0) this.log.log(`Deleted ${deleted} incidents without a change for ${days} days`);
    if (failures.length > 0) throw failures[0];
  }

  private async *tenants(before: Date): AsyncGenerator<TenantId> {
    let page: { tenantId: TenantId }[] = [];
    do {
      page = await this.unitOfWork.lookUp<{ tenantId: TenantId }>(
        'SELECT tenant_id AS "tenantId" FROM tenants_with_old_incidents($1, $2, $3) AS tenant_id',
        [before, page.at(-1)?.tenantId ?? '', TENANTS_A_PAGE],
      );
      for (const { tenantId } of page) yield tenantId;
    } while (page.length === TENANTS_A_PAGE);
  }

  private async deleteOf(tenantId: TenantId, before: Date, signal: AbortSignal): Promise<number> {
    let deleted = 0;
    let last: Pick<OldIncident, 'updatedAt' | 'incidentId'> = { updatedAt: new Date(0), incidentId: '' };
    for (;;) {
      signal.throwIfAborted();
      const batch = await this.deleteBatch(tenantId, before, last);
      deleted += batch.deleted;
      if (batch.examined.length < INCIDENTS_A_BATCH) return deleted;
      last = batch.examined.at(-1) ?? last;
    }
  }

  private deleteBatch(
    tenantId: TenantId,
    before: Date,
    { updatedAt, incidentId }: Pick<OldIncident, 'updatedAt' | 'incidentId'>,
  ): Promise<{ examined: OldIncident[]; deleted: number }> {
    return this.unitOfWork.run(tenantId, async ({ query, append }) => {
      const examined = await query<OldIncident>(LOCK_OLD_INCIDENTS, [
        ...[tenantId, before, updatedAt, incidentId],
        INCIDENTS_A_BATCH,
      ]);
      const idle = examined.flatMap((incident) => (incident.isWorkedOn ? [] : incident.incidentId));
      const expired = await query<{ id: string }>(LOCK_OLD_ALERTS, [tenantId, idle, before]);
      const incidentIds = expired.map(({ id }) => id);
      if (incidentIds.length === 0) return { examined, deleted: 0 };
      const bodies = await query<{ bodyId: string }>(DELETE_INCIDENTS, [tenantId, incidentIds]);
      await query(DELETE_UNUSED_BODIES, [tenantId, bodies.map(({ bodyId }) => bodyId)]);
      append(tenantId, [new IncidentsDeleted({ incidentIds })]);
      return { examined, deleted: incidentIds.length };
    });
  }
}

/** A locked incident is being changed at this moment, so it is not old. */
const LOCK_OLD_INCIDENTS = {
  text: `
  SELECT incident_id AS "incidentId", updated_at AS "updatedAt",
         status IN ('investigating', 'remediating') AS "isWorkedOn"
    FROM incidents
   WHERE tenant_id = $1 AND updated_at < $2 AND (updated_at, incident_id) > ($3, $4)
   ORDER BY updated_at, incident_id LIMIT $5 FOR UPDATE SKIP LOCKED`,
};

/**
 * The incidents whose alerts are all old. A locked alert is being counted again at this moment, so it is not; waiting for it
 * would deadlock, since duplicates lock the alert before its incident. A statement of its own, so that it sees repeats that
 * were committed before the incidents were locked.
 */
const LOCK_OLD_ALERTS = {
  text: `
  WITH old AS MATERIALIZED (
    SELECT incident_id FROM alerts
     WHERE tenant_id = $1 AND incident_id = ANY ($2::text[]) AND last_seen_at < $3 FOR UPDATE SKIP LOCKED
  )
  SELECT id FROM unnest($2::text[]) AS id LEFT JOIN old ON old.incident_id = id
   GROUP BY id HAVING count(old.incident_id) =
     (SELECT count(*) FROM alerts a WHERE a.tenant_id = $1 AND a.incident_id = id)`,
};

const DELETE_INCIDENTS = {
  text: `
  WITH gone_evidence AS (
    DELETE FROM incident_evidence WHERE tenant_id = $1 AND incident_id = ANY ($2) RETURNING evidence_id
  ), gone_chunks AS (
    DELETE FROM incident_evidence_chunks c USING gone_evidence e WHERE c.tenant_id = $1 AND c.evidence_id = e.evidence_id
  ), gone_incidents AS (
    DELETE FROM incidents WHERE tenant_id = $1 AND incident_id = ANY ($2)
  ), gone_alerts AS (
    DELETE FROM alerts WHERE tenant_id = $1 AND incident_id = ANY ($2) RETURNING body_id
  )
  SELECT DISTINCT body_id AS "bodyId" FROM gone_alerts WHERE body_id IS NOT NULL`,
};

/** Alerts of one webhook share its body; some of them may stay. */
const DELETE_UNUSED_BODIES = {
  text: `
  DELETE FROM alert_bodies b WHERE tenant_id = $1 AND body_id = ANY ($2)
     AND NOT EXISTS (SELECT FROM alerts a WHERE a.tenant_id = $1 AND a.body_id = b.body_id)`,
};
