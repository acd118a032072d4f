import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import { lenientText } from '#kernel/domain/lenient-text';
import { isScript } from '#kernel/http/link';
import {
  type IngestEndpoint,
  AlertSources,
  type Delivery,
  type DeliveryContent,
  type ReportedDeploy,
} from '../../api.js';
import { type Deploy, ProviderError, Outside, type Provider } from '../../providers/provider.js';
import { providerNamed } from '../../providers/registry.js';
import { IngestEndpoints } from './ingest-endpoints.js';
import { ConfirmSubscription } from './confirm-subscription.js';
import { Connections } from '../connections/connections.js';
import { inEffect } from './in-effect.js';
import { lenientBody } from './lenient-body.js';

const RETRY_SECONDS = 30;

/** Resolves who a webhook belongs to, authenticates it, and has the provider parse it. */
@Injectable()
export class ReadAlerts extends AlertSources {
  constructor(
    private readonly endpoints: IngestEndpoints,
    private readonly connections: Connections,
    private readonly confirmation: ConfirmSubscription,
    private readonly outside: Outside,
    private readonly clock: Clock,
  ) {
    super();
  }

  endpointOf(ingestToken: string): Promise<IngestEndpoint | undefined> {
    return this.endpoints.of(ingestToken);
  }

  async verify(endpoint: IngestEndpoint, delivery: Delivery): Promise<void> {
    const webhooks = webhooksOf(endpoint.provider);
    const now = this.clock.now();
    const integrations = await this.endpoints.integrationsBehind(endpoint);
    const connections = integrations.map((integration) => this.connections.of(integration).connection);
    requireOne(connections.map((connection) => webhooks.verify(connection, delivery, now)));
    if (!webhooks.verifyCertificate) return;
    const signed: (boolean | undefined)[] = [];
    for (const connection of connections) {
      const verdict = webhooks.verifyCertificate(connection, delivery, this.outside);
      signed.push(await verdict.catch(asUnavailable));
    }
    requireOne(signed);
  }

  async read(endpoint: IngestEndpoint, delivery: Delivery): Promise<DeliveryContent> {
    const webhooks = webhooksOf(endpoint.provider);
    const body = lenientBody(delivery, webhooks.mediaTypes);
    const confirmationUrl = webhooks.confirmationUrl?.(body);
    if (confirmationUrl !== undefined) await this.confirmation.request(endpoint.tenantId, confirmationUrl);
    const configs = (await this.endpoints.integrationsBehind(endpoint)).map(({ config }) => config);
    const [own] = endpoint.integrationId === null ? [] : configs;
    const environment = (own && webhooks.environmentOf?.(own)) ?? null;
    const deploys = webhooks.deploys?.(body, configs) ?? [];
    const { idsUniquePer = 'provider' } = webhooks;
    const now = this.clock.now();
    return {
      notices: inEffect(webhooks.notices(body, own)).map((notice) => withEnvironment(notice, environment)),
      idsUniquePer: typeof idsUniquePer === 'function' ? idsUniquePer(body) : idsUniquePer,
      deploys: deploys.map((deploy) => storable(withEnvironment(deploy, environment), now)),
    };
  }
}

/** At the shared URL the signature of any one integration is enough, and none is required while none has a secret. */
function requireOne(verdicts: readonly (boolean | undefined)[]): void {
  if (verdicts.includes(false) && !verdicts.includes(true))
    throw new Refusal('invalid_signature', 'The signature or login of the sender is not valid.');
}

/** The sender retries. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof ProviderError)) throw error;
  throw new Refusal('service_unavailable', error.message, { retryAfter: RETRY_SECONDS });
}

function withEnvironment<T extends { readonly environment: string | null }>(
  item: T,
  fallback: string | null,
): T {
  return { ...item, environment: item.environment ?? fallback };
}

const MAX_LENGTH = { name: 200, text: 2000 };

/** Truncated to what a change can hold. @param now the time of one that has none */
function storable({ occurredAt = new Date(NaN), ...deploy }: Deploy, now: Date): ReportedDeploy {
  const short = (text: string | null) => text && lenientText(text, MAX_LENGTH.name);
  return {
    ...deploy,
    service: lenientText(deploy.service, MAX_LENGTH.name),
    environment: short(deploy.environment),
    version: short(deploy.version),
    summary: lenientText(deploy.summary, MAX_LENGTH.text),
    url: deploy.url && !isScript(deploy.url) ? lenientText(deploy.url, MAX_LENGTH.text) : null,
    occurredAt: occurredAt <= now ? occurredAt : now,
  };
}

/** @throws Refusal `not_found` */
function webhooksOf(name: string): NonNullable<Provider['webhooks']> {
  const { webhooks } = providerNamed(name);
  if (!webhooks) throw notFound('provider');
  return webhooks;
}
