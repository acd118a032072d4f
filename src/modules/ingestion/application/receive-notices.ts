import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import type { DeliveryContent, IngestEndpoint, Notice } from '#modules/integrations/api';
import { Alerts } from '../domain/alert.js';
import { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';
import type { IncidentStatus } from '../events.js';
import { lenientId, lenientReport } from './lenient-report.js';

/** Alerts of one body that wait for their commit at the same time: a body may have more alerts than the queue takes. */
const BATCH = 128;

export interface AffectedIncident {
  readonly incidentId: string;
  readonly status: IncidentStatus;
  readonly sourceAlertId: string;
}

/** Who sent a body, and the provider of its alerts' keys. */
interface Sender extends Pick<IngestEndpoint, 'tenantId' | 'provider'> {
  readonly keyProvider: string;
}

/**
 * Receives alerts in the format of a monitoring tool. A firing alert opens an incident, or adds to the one that it opened
 * before if that has not ended. A resolved alert resolves its incident and never opens one.
 */
@Injectable()
export class ReceiveNotices {
  constructor(
    private readonly alerts: Alerts,
    private readonly incidents: Incidents,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the affected incidents, durably stored; none for a notice without effect
   * @throws Refusal `service_unavailable` if the queue is full; the same body may be sent again
   */
  async execute(
    endpoint: IngestEndpoint,
    { notices, idsUniquePer }: DeliveryContent,
    raw: Buffer,
  ): Promise<AffectedIncident[]> {
    const sender = senderOf(endpoint, idsUniquePer);
    const firing = notices.filter(({ state }) => state === 'firing');
    const resolved = notices.filter(({ state }) => state === 'resolved');
    const bodyId = firing.length > 1 ? sha256Hex(raw) : null;
    const affected: AffectedIncident[] = [];
    for (const batch of batchesOf(firing)) {
      affected.push(...(await Promise.all(batch.map((notice) => this.open(sender, notice, raw, bodyId)))));
    }
    for (const batch of batchesOf(resolved)) affected.push(...(await this.resolve(sender, batch)));
    return affected;
  }

  private async open(
    { tenantId, provider, keyProvider }: Sender,
    notice: Notice,
    raw: Buffer,
    bodyId: string | null,
  ): Promise<AffectedIncident> {
    const sourceAlertId = lenientId(notice.sourceAlertId);
    const receivedAt = this.clock.now();
    const origin = { source: 'automated', provider, sourceAlertId } as const;
    const incident = Incident.open(tenantId, lenientReport(notice), origin, receivedAt);
    incident.sentToTriage(receivedAt);
    const alert = { provider: keyProvider, sourceAlertId, raw, bodyId, recurs: true, receivedAt, incident };
    const { incidentId, status } = await this.alerts.receive(alert);
    return { incidentId, status, sourceAlertId };
  }

  private async resolve(
    { tenantId, keyProvider }: Sender,
    notices: readonly Notice[],
  ): Promise<AffectedIncident[]> {
    const sourceAlertIds = notices.map(({ sourceAlertId }) => lenientId(sourceAlertId));
    const opened = await this.alerts.incidentsOf(tenantId, keyProvider, sourceAlertIds);
    const idOf = new Map(opened.map(({ incidentId, sourceAlertId }) => [incidentId, sourceAlertId]));
    const keys = opened.map(({ incidentId: id }) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => {
      incident.resolvedBySource(this.clock.now());
      const { incidentId, status } = incident;
      return { incidentId, status, sourceAlertId: idOf.get(incidentId) ?? '' };
    });
  }
}

/** Senders with an API key cannot be told apart. */
function senderOf(
  { tenantId, provider, integrationId }: IngestEndpoint,
  idsUniquePer: DeliveryContent['idsUniquePer'],
): Sender {
  const sender = idsUniquePer.replace('integration', integrationId ?? 'key');
  const keyProvider = idsUniquePer === 'provider' ? provider : `${provider}/${sender}`;
  return { tenantId, provider, keyProvider };
}

function* batchesOf(notices: readonly Notice[]): Generator<readonly Notice[]> {
  for (let at = 0; at < notices.length; at += BATCH) yield notices.slice(at, at + BATCH);
}
