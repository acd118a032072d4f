import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import { lenientText } from '#kernel/domain/lenient-text';
import { type AlertInlet, AlertSources, type Delivery, type Told, type ToldDeploy } from '../api.js';
import type { Deploy, Provider } from '../providers/provider.js';
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

  async read(inlet: AlertInlet, delivery: Delivery): Promise<Told> {
    const alerts = alertsOf(inlet.provider);
    const body = lenientBody(delivery, alerts.mediaTypes);
    const configs = (await this.inlets.integrationsBehind(inlet)).map(({ config }) => config);
    const [own] = inlet.integrationId === null ? [] : configs;
    const usual = (own && alerts.environmentOf?.(own)) ?? null;
    const here = <T extends { readonly environment: string | null }>(told: T): T => ({
      ...told,
      environment: told.environment ?? usual,
    });
    const deploys = alerts.deploys?.(body, configs) ?? [];
    const now = this.clock.now();
    return {
      notices: alerts.notices(body).map(here),
      deploys: deploys.map((deploy) => storable(here(deploy), now)),
    };
  }
}

const LONGEST = { name: 200, text: 2000 };

/** As the list of changes can hold it. @param now for one that does not tell when it was */
function storable({ occurredAt = new Date(NaN), ...deploy }: Deploy, now: Date): ToldDeploy {
  const short = (text: string | null) => text && lenientText(text, LONGEST.name);
  return {
    ...deploy,
    service: lenientText(deploy.service, LONGEST.name),
    environment: short(deploy.environment),
    version: short(deploy.version),
    summary: lenientText(deploy.summary, LONGEST.text),
    url: deploy.url && lenientText(deploy.url, LONGEST.text),
    occurredAt: occurredAt <= now ? occurredAt : now,
  };
}

/** @throws Refusal `not_found` */
function alertsOf(name: string): NonNullable<Provider['alerts']> {
  const { alerts } = providerNamed(name);
  if (!alerts) throw notFound('provider');
  return alerts;
}
