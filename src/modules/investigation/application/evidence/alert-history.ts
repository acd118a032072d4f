import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { tenantsOf } from '#kernel/domain/by-tenant';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type AlertKind, alertKind } from '../../domain/alerts/alert-kind.js';

interface ArrivedAlert {
  readonly tenantId: TenantId;
  readonly title: string;
  readonly service: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** How often alerts arrived in the past, counted in hours. */
export interface AlertFrequencies {
  /** Hours in which any alert arrived. */
  readonly storms: number;
  /** Hours in which an alert of this kind arrived. */
  seen(kind: AlertKind): number;
}

const HOUR = 60 * 60_000;
const ANY = 'any';
/** Hours kept for each kind, newest first. */
const MAX_HOURS = 256;
/** Kinds kept per tenant. More means that titles contain changing values, and then no frequency is meaningful. */
const MAX_KINDS = 10_000;

/** Which kinds of alert a tenant usually gets. An hour with alerts counts as one storm, however many there were. */
@Injectable()
export class AlertHistory {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** One statement for a batch of any tenants. An alert of a kind already counted for the hour writes nothing. */
  async add(alerts: readonly ArrivedAlert[]): Promise<void> {
    const counted = alerts.flatMap((alert) => {
      const kind = alertKind(alert);
      return kind ? [{ tenantId: alert.tenantId, kind: keyOf(kind), at: alert.createdAt }] : [];
    });
    if (counted.length === 0) return;
    await this.unitOfWork.query(tenantsOf(counted), ADD, [
      counted.map(({ tenantId }) => tenantId),
      counted.map(({ kind }) => kind),
      counted.map(({ at }) => hourOf(at)),
      counted.map(({ at }) => at.toISOString().slice(0, 10)),
      ANY,
      MAX_KINDS,
      MAX_HOURS,
    ]);
  }

  /** Frequencies over the hours before the hour of `moment`. */
  async before(tenantId: TenantId, moment: Date, kinds: readonly AlertKind[]): Promise<AlertFrequencies> {
    const rows = await this.unitOfWork.query<{ kind: string; hours: number }>(
      tenantId,
      `WITH storms AS (
         SELECT hour FROM alert_history, unnest(hours) AS hour
          WHERE tenant_id = $1 AND kind = $2 AND hour < $4)
       SELECT h.kind, (SELECT count(*)::integer FROM storms WHERE hour = ANY (h.hours)) AS hours
         FROM alert_history h WHERE h.tenant_id = $1 AND h.kind = ANY ($3)`,
      [tenantId, ANY, [ANY, ...new Set(kinds.map(keyOf))], hourOf(moment)],
    );
    const hours = new Map(rows.map((row) => [row.kind, row.hours]));
    return { storms: hours.get(ANY) ?? 0, seen: (kind) => hours.get(keyOf(kind)) ?? 0 };
  }
}

/**
 * `OFFSET 0` makes the planner look up each kind by index even when it has no statistics of the table. A tenant's kinds
 * are only counted when a kind is new.
 */
const ADD = {
  name: 'add-to-alert-history',
  text: `
  WITH counted AS MATERIALIZED (
    SELECT t.*, known.kind IS NOT NULL AS is_known
      FROM (SELECT tenant_id, kind, array_agg(DISTINCT hour ORDER BY hour DESC) AS hours, max(day) AS day
              FROM unnest($1::text[], $2::text[], $3::integer[], $4::date[]) AS alert (tenant_id, own_kind, hour, day)
             CROSS JOIN LATERAL (VALUES (own_kind), ($5::text)) AS counted_as (kind)
             GROUP BY tenant_id, kind) AS t
      LEFT JOIN LATERAL (SELECT kind FROM alert_history
                          WHERE tenant_id = t.tenant_id AND kind = t.kind OFFSET 0) AS known ON true
  ), crowded AS (
    SELECT tenant_id FROM (SELECT DISTINCT tenant_id FROM counted WHERE NOT is_known) AS growing
     WHERE (SELECT count(*) FROM alert_history AS h WHERE h.tenant_id = growing.tenant_id) >= $6
  )
  INSERT INTO alert_history AS h (tenant_id, kind, hours, last_day)
  SELECT tenant_id, kind, hours, day FROM counted
   WHERE is_known OR kind = $5 OR tenant_id NOT IN (SELECT tenant_id FROM crowded)
   ORDER BY tenant_id, kind
  ON CONFLICT (tenant_id, kind) DO UPDATE SET last_day = excluded.last_day,
    hours = ARRAY(SELECT DISTINCT hour FROM unnest(h.hours || excluded.hours) AS hour ORDER BY hour DESC LIMIT $7)
  WHERE NOT h.hours @> excluded.hours`,
};

function hourOf(moment: Date): number {
  return Math.floor(moment.getTime() / HOUR);
}

function keyOf({ entity, signal, caller }: AlertKind): string {
  const parts = caller === undefined ? [entity, signal] : [entity, signal, caller];
  return sha256Hex(JSON.stringify(parts)).slice(0, 32);
}
