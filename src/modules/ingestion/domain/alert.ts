import type { TenantId } from '#kernel/domain/ids';
import type { IncidentStatus } from '../events.js';
import type { Incident } from './incident.js';

/** An alert as a source sent it, with the incident it would open. */
export interface ReceivedAlert {
  readonly provider: string;
  readonly sourceAlertId: string | null;
  /** The bytes as they came. */
  readonly raw: Buffer;
  /** Names a body that told of several alerts, so that it is stored once. */
  readonly bodyId: string | null;
  /** Whether it may come back: after the incident it opened has ended, it opens another one. */
  readonly returns: boolean;
  readonly receivedAt: Date;
  readonly incident: Incident;
}

/** What makes an alert the same one again. */
export interface AlertKey {
  readonly tenantId: TenantId;
  readonly provider: string;
  readonly sourceAlertId: string;
}

export function keyOf({ tenantId, provider, sourceAlertId }: AlertKey): string {
  return `${tenantId}\n${provider}\n${sourceAlertId}`;
}

/** Either the alert's own incident, or the one that an earlier alert with the same id had opened, with its status. */
export interface Reception {
  readonly incidentId: string;
  readonly status: IncidentStatus;
}

/** Where alerts are written. */
export abstract class Alerts {
  /**
   * Stores alert, incident and events, durably, before it returns. An alert whose `sourceAlertId` this tenant's
   * provider has sent before only raises a count, unless it `returns` and that incident has ended.
   * @throws Refusal `duplicate_alert` for a repeat of one that never returns, naming the incident that the first one
   * opened, and `service_unavailable` when more alerts wait than may
   */
  abstract receive(alert: ReceivedAlert): Promise<Reception>;

  /**
   * The incident that an alert with this id has opened, if it is one that never returns and this process still knows of
   * it; the repeat is counted. Otherwise `receive` finds out.
   */
  abstract repeated(alert: AlertKey, receivedAt: Date): string | undefined;

  /** The incidents that the last alerts with these ids opened, those of unknown ids left out. */
  abstract openedBy(
    tenantId: TenantId,
    provider: string,
    sourceAlertIds: readonly string[],
  ): Promise<{ readonly incidentId: string; readonly sourceAlertId: string }[]>;
}
