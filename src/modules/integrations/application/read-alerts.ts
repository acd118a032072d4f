import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import { lenientText } from '#kernel/domain/lenient-text';
import { type AlertInlet, AlertSources, type Delivery, type Told, type ToldDeploy } from '../api.js';
import { type Deploy, NoAnswer, Outside, type Provider } from '../providers/provider.js';
import { providerNamed } from '../providers/registry.js';
import { AlertInlets } from './alert-inlets.js';
import { ConfirmSubscription } from './confirm-subscription.js';
import { Connections } from './connections.js';
import { lenientBody } from './lenient-body.js';

const RETRY_SECONDS = 30;

/** Knows whose alerts come in where, and has their providers read them. */
@Injectable()
export class ReadAlerts extends AlertSources {
  constructor(
    private readonly inlets: AlertInlets,
    private readonly connections: Connections,
    private readonly confirmation: ConfirmSubscription,
    private readonly outside: Outside,
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
    const connections = integrations.map((integration) => this.connections.of(integration).connection);
    requireOne(connections.map((connection) => alerts.verify(connection, delivery, now)));
    if (!alerts.verifyCertificate) return;
    const signed: (boolean | undefined)[] = [];
    for (const connection of connections) {
      const asked = alerts.verifyCertificate(connection, delivery, this.outside);
      signed.push(await asked.catch(asUnavailable));
    }
    requireOne(signed);
  }

  async read(inlet: AlertInlet, delivery: Delivery): Promise<Told> {
    const alerts = alertsOf(inlet.provider);
    const body = lenientBody(delivery, alerts.mediaTypes);
    const confirmationUrl = alerts.confirmationUrl?.(body);
    if (confirmationUrl !== undefined) await this.confirmation.request(inlet.tenantId, confirmationUrl);
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

/** At the shared address the signature of any integration will do, and none is needed while none has a secret. */
function requireOne(verdicts: readonly (boolean | undefined)[]): void {
  if (verdicts.includes(false) && !verdicts.includes(true))
    throw new Refusal('invalid_signature', 'The signature or login of the sender is not right.');
}

/** The sender tries again, and by then the certificate may be there. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error;
  throw new Refusal('service_unavailable', error.message, { retryAfter: RETRY_SECONDS });
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
