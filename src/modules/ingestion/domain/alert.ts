import type { TenantId } from '#kernel/domain/ids';
import type { IncidentStatus } from '../events.js';
import type { Incident } from './incident.js';

/** An alert as its source sent it, with the incident that it would open. */
export interface ReceivedAlert {
  /** Of its `AlertKey`. */
  readonly provider: string;
  readonly sourceAlertId: string | null;
  /** The request body. */
  readonly raw: Buffer;
  /** Identifies a body with several alerts, which is stored once. */
  readonly bodyId: string | null;
  /** Whether it opens another incident after the one that it opened has ended. Otherwise it stays a duplicate. */
  readonly recurs: boolean;
  readonly receivedAt: Date;
  readonly incident: Incident;
}

/** Alerts with the same key are duplicates. */
export interface AlertKey {
  readonly tenantId: TenantId;
  /** With the sender, and the kind of alert, behind it if ids are unique only among these: `uptime_kuma/int_…`, `sentry/int_…/metric_alert`. */
  readonly provider: string;
  readonly sourceAlertId: string;
}

export function keyOf({ tenantId, provider, sourceAlertId }: AlertKey): string {
  return `${tenantId}\n${provider}\n${sourceAlertId}`;
}

/** The alert's own incident, or the one that an earlier alert with the same key opened. */
export interface AlertReceipt {
  readonly incidentId: string;
  readonly status: IncidentStatus;
}

export interface StoredAlert {
  readonly sourceAlertId: string;
  readonly incidentId: string;
}

/** Stores alerts. */
export abstract class Alerts {
  /**
   * Stores alert, incident and events durably before it returns. A duplicate only increments a counter, unless it `recurs`
   * and its incident has ended.
   * @throws Refusal `duplicate_alert` for a duplicate that does not recur, with the incident that the first alert opened;
   * `service_unavailable` if the queue is full
   */
  abstract receive(alert: ReceivedAlert): Promise<AlertReceipt>;

  /**
   * Counts a duplicate that does not recur if its incident is cached in this process. Otherwise `receive` finds it.
   * @returns the incident's id
   */
  abstract countKnownDuplicate(alert: AlertKey, receivedAt: Date): string | undefined;

  /** The incidents that the latest alerts with these ids opened. Unknown ids are left out. */
  abstract incidentsOf(
    tenantId: TenantId,
    provider: string,
    sourceAlertIds: readonly string[],
  ): Promise<StoredAlert[]>;
}
