import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Alerts, type AlertReceipt } from '../domain/alert.js';
import { duplicateAlert } from '../domain/errors.js';
import { Incident } from '../domain/incident.js';
import type { CustomAlert } from '../domain/custom-alert.js';

/** Turns an alert into an incident and sends it to triage. */
@Injectable()
export class ReceiveAlert {
  constructor(
    private readonly alerts: Alerts,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `duplicate_alert` with the incident that the first alert opened */
  execute(tenantId: TenantId, alert: CustomAlert, raw: Buffer): Promise<AlertReceipt> {
    const { sourceAlertId } = alert;
    const provider = 'custom';
    const receivedAt = this.clock.now();
    const opened =
      sourceAlertId && this.alerts.countKnownDuplicate({ tenantId, provider, sourceAlertId }, receivedAt);
    if (opened) return Promise.reject(duplicateAlert(sourceAlertId, opened));
    const origin = { source: 'automated', provider, sourceAlertId } as const;
    const incident = Incident.open(tenantId, alert, origin, receivedAt);
    incident.sentToTriage(receivedAt);
    const received = { provider, sourceAlertId, raw, bodyId: null, recurs: false, receivedAt, incident };
    return this.alerts.receive(received);
  }
}
