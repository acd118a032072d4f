import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import type { Notice } from '#modules/integrations/api';
import { Alerts } from '../domain/alert.js';
import { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';
import type { IncidentStatus } from '../events.js';
import { lenientId, lenientReport } from './lenient-report.js';

/** How many alerts of one body wait for their commit together: a body may tell of more than may wait. */
const AT_ONCE = 128;

export interface Concerned {
  readonly incidentId: string;
  readonly status: IncidentStatus;
  readonly sourceAlertId: string;
}

/**
 * Takes in what a monitoring tool tells. What fires opens an incident, or adds to the one that it opened and that has not
 * ended; what is resolved resolves that one, and never opens any.
 */
@Injectable()
export class TakeNotices {
  constructor(
    private readonly alerts: Alerts,
    private readonly incidents: Incidents,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the incidents concerned, durably stored; none for notices that came to nothing
   * @throws Refusal `service_unavailable` when more alerts wait than may; the same body may be sent again
   */
  async execute(
    tenantId: TenantId,
    provider: string,
    notices: readonly Notice[],
    raw: Buffer,
  ): Promise<Concerned[]> {
    const firing = notices.filter(({ state }) => state === 'firing');
    const resolved = notices.filter(({ state }) => state === 'resolved');
    const bodyId = firing.length > 1 ? sha256Hex(raw) : null;
    const concerned: Concerned[] = [];
    for (let at = 0; at < firing.length; at += AT_ONCE) {
      const few = firing.slice(at, at + AT_ONCE);
      concerned.push(
        ...(await Promise.all(few.map((notice) => this.open(tenantId, provider, notice, raw, bodyId)))),
      );
    }
    for (let at = 0; at < resolved.length; at += AT_ONCE)
      concerned.push(...(await this.resolve(tenantId, provider, resolved.slice(at, at + AT_ONCE))));
    return concerned;
  }

  private async open(
    tenantId: TenantId,
    provider: string,
    notice: Notice,
    raw: Buffer,
    bodyId: string | null,
  ): Promise<Concerned> {
    const sourceAlertId = lenientId(notice.sourceAlertId);
    const receivedAt = this.clock.now();
    const origin = { source: 'automated', provider, sourceAlertId } as const;
    const incident = Incident.open(tenantId, lenientReport(notice), origin, receivedAt);
    incident.sentToTriage(receivedAt);
    const alert = { provider, sourceAlertId, raw, bodyId, returns: true, receivedAt, incident };
    const { incidentId, status } = await this.alerts.receive(alert);
    return { incidentId, status, sourceAlertId };
  }

  private async resolve(
    tenantId: TenantId,
    provider: string,
    notices: readonly Notice[],
  ): Promise<Concerned[]> {
    const ids = notices.map(({ sourceAlertId }) => lenientId(sourceAlertId));
    const opened = await this.alerts.openedBy(tenantId, provider, ids);
    const idOf = new Map(opened.map(({ incidentId, sourceAlertId }) => [incidentId, sourceAlertId]));
    const keys = opened.map(({ incidentId: id }) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => {
      incident.resolvedBySource(this.clock.now());
      const { incidentId, status } = incident;
      return { incidentId, status, sourceAlertId: idOf.get(incidentId) ?? '' };
    });
  }
}
