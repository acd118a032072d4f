import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import { type AlertInlet, AlertSources, type Delivery, type Notice } from '../api.js';
import type { Provider } from '../providers/provider.js';
import { providerNamed } from '../providers/registry.js';
import { AlertInlets } from './alert-inlets.js';
import { Connections } from './connections.js';
import { lenientBody } from './lenient-body.js';

/** Knows whose alerts come in where, and has their providers read them. */
@Injectable()
export class ReadAlerts extends AlertSources {
  constructor(
    private readonly inlets: AlertInlets,
    private readonly connections: Connections,
    private readonly clock: Clock,
  ) {
    super();
  }

  inletOf(ingestToken: string): Promise<AlertInlet | undefined> {
    return this.inlets.of(ingestToken);
  }

  async verify(inlet: AlertInlet, delivery: Delivery): Promise<void> {
    const alerts = alertsOf(inlet.provider);
    const now = this.clock.now();
    const integrations = await this.inlets.integrationsBehind(inlet);
    const verdicts = integrations
      .map((integration) => alerts.verify(this.connections.of(integration).connection, delivery, now))
      .filter((verdict) => verdict !== undefined);
    // At the shared address any integration's signature will do, and none is needed while none has a secret.
    if (verdicts.length > 0 && !verdicts.includes(true))
      throw new Refusal('invalid_signature', 'The signature or login of the sender is not right.');
  }

  async read(inlet: AlertInlet, delivery: Delivery): Promise<readonly Notice[]> {
    const alerts = alertsOf(inlet.provider);
    const notices = alerts.notices(lenientBody(delivery, alerts.mediaTypes));
    const [integration] = inlet.integrationId === null ? [] : await this.inlets.integrationsBehind(inlet);
    const usual = integration && alerts.environmentOf?.(integration.config);
    if (usual === undefined) return notices;
    return notices.map((notice) => ({ ...notice, environment: notice.environment ?? usual }));
  }
}

/** @throws Refusal `not_found` */
function alertsOf(name: string): NonNullable<Provider['alerts']> {
  const { alerts } = providerNamed(name);
  if (!alerts) throw notFound('provider');
  return alerts;
}
