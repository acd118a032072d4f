import type { Incident } from './incident.js';

/** An alert as a source sent it, with the incident it would open. */
export interface ReceivedAlert {
  readonly provider: string;
  readonly sourceAlertId: string | null;
  /** The bytes as they came. */
  readonly raw: Buffer;
  readonly receivedAt: Date;
  readonly incident: Incident;
}

/** Either the alert's own incident, or the one that an earlier alert with the same id had opened. */
export interface Reception {
  readonly incidentId: string;
  readonly duplicate: boolean;
}

/** Where alerts are written. */
export abstract class Alerts {
  /**
   * Stores alert, incident and events, durably, before it returns. An alert whose `sourceAlertId` this tenant's
   * provider has sent before only raises a count.
   * @throws Refusal `service_unavailable` when more alerts wait than may
   */
  abstract receive(alert: ReceivedAlert): Promise<Reception>;
}
