import { Injectable } from '@nestjs/common';
import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { validated } from '#kernel/http/validation';
import { Integration } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';
import { ProviderError, Outside } from '../../providers/provider.js';
import { providerNamed } from '../../providers/registry.js';
import { IngestEndpoints } from '../webhooks/ingest-endpoints.js';
import { Connections } from './connections.js';

/** All of them are scanned for each alert at a shared URL, and for each step that needs a runner. */
const MAX_INTEGRATIONS = 100;

export interface ConnectionRequest {
  readonly label?: string;
  readonly config?: object;
  readonly credentials?: object;
}

export interface Connected {
  readonly integration: Integration;
  /** The last part of its `ingestUrl`; only returned here. */
  readonly ingestToken: string | null;
}

/** Connects a tool after it was probed. */
@Injectable()
export class ConnectIntegration {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
    private readonly endpoints: IngestEndpoints,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `validation_error`, `quota_exceeded`, or `connection_failed` with the reason */
  async execute(
    tenantId: TenantId,
    name: string,
    request: ConnectionRequest,
    connectedBy: string,
  ): Promise<Connected> {
    const provider = providerNamed(name);
    const config = { ...(await validated(provider.config, request.config ?? {}, 'config')) };
    const credentials = {
      ...(await validated(provider.credentials, request.credentials ?? {}, 'credentials')),
    };
    await provider.probe({ config, credentials }, this.outside).catch(refuse);

    const integrationId = newId('int');
    const ingestToken = provider.webhooks ? newOpaqueToken() : null;
    const integration = Integration.connect(
      tenantId,
      {
        integrationId,
        provider: provider.provider,
        label: request.label ?? provider.displayName,
        config,
        sealedCredentials: this.connections.seal(tenantId, integrationId, credentials),
        connectedBy,
        ingestTokenHash: ingestToken && sha256Hex(ingestToken),
      },
      this.clock.now(),
    );
    await this.integrations.addWithin(MAX_INTEGRATIONS, integration);
    this.endpoints.changed(tenantId, name);
    return { integration, ingestToken };
  }
}

function refuse(error: unknown): never {
  if (error instanceof ProviderError) throw new Refusal('connection_failed', error.message);
  throw error;
}
