import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type AlertKind, alertKind } from '../domain/alerts/alert-kind.js';

interface ArrivedAlert {
  readonly title: string;
  readonly service: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

export interface Usual {
  /** Hours in which any alert arrived. */
  readonly storms: number;
  /** In how many of them one of this kind did. */
  seen(kind: AlertKind): number;
}

const HOUR = 60 * 60_000;
const ANY = 'any';
/** Of each kind and of all; older ones are forgotten. */
const MOST_HOURS = 256;
/** Of a tenant. Who has more of them puts what changes into titles, and then none says anything. */
const MOST_KINDS = 10_000;

/** Remembers which alerts a tenant usually gets. An hour with alerts counts as one storm, however many there were. */
@Injectable()
export class AlertHistory {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** One statement for a batch; of alerts that repeat within the hour it writes nothing. */
  async add(tenantId: TenantId, alerts: readonly ArrivedAlert[]): Promise<void> {
    const told = alerts.flatMap((alert) => {
      const kind = alertKind(alert);
      return kind ? [{ kind: keyOf(kind), hour: hourOf(alert.createdAt), day: alert.createdAt }] : [];
    });
    const last = told.at(-1);
    if (!last) return;
    await this.unitOfWork.query(
      tenantId,
      `WITH told AS (
         SELECT kind, array_agg(DISTINCT hour ORDER BY hour DESC) AS hours
           FROM unnest($2::text[] || array_fill($4::text, ARRAY[cardinality($3::integer[])]), $3::integer[] || $3::integer[])
             AS t (kind, hour) GROUP BY kind
       ), known AS (SELECT kind FROM alert_history WHERE tenant_id = $1 AND kind = ANY (ARRAY(SELECT kind FROM told)))
       INSERT INTO alert_history AS h (tenant_id, kind, hours, last_day)
       SELECT $1, kind, hours, $5::date FROM told
        WHERE kind IN (SELECT kind FROM known) OR kind = $4
           OR (SELECT count(*) FROM alert_history WHERE tenant_id = $1) < $6
        ORDER BY kind
       ON CONFLICT (tenant_id, kind) DO UPDATE SET last_day = excluded.last_day,
         hours = ARRAY(SELECT DISTINCT hour FROM unnest(h.hours || excluded.hours) AS hour ORDER BY hour DESC LIMIT $7)
       WHERE NOT h.hours @> excluded.hours`,
      [
        tenantId,
        told.map(({ kind }) => kind),
        told.map(({ hour }) => hour),
        ANY,
        last.day.toISOString().slice(0, 10),
        MOST_KINDS,
        MOST_HOURS,
      ],
    );
  }

  /** What was usual before the hour of a moment. */
  async before(tenantId: TenantId, moment: Date, kinds: readonly AlertKind[]): Promise<Usual> {
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

function hourOf(moment: Date): number {
  return Math.floor(moment.getTime() / HOUR);
}

function keyOf({ entity, signal, caller }: AlertKind): string {
  const parts = caller === undefined ? [entity, signal] : [entity, signal, caller];
  return sha256Hex(JSON.stringify(parts)).slice(0, 32);
}
