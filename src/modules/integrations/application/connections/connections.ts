import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import type { TenantId } from '#kernel/domain/ids';
import type { Integration } from '../../domain/integration.js';
import type { Connection, Provider } from '../../providers/provider.js';
import { providerNamed } from '../../providers/registry.js';

/** Encrypts credentials for storage, and decrypts them for a call. */
@Injectable()
export class Connections {
  constructor(private readonly sealed: SealedText) {}

  seal(tenantId: TenantId, integrationId: string, credentials: object): string {
    return this.sealed.seal(JSON.stringify(credentials), associatedDataOf(tenantId, integrationId));
  }

  /** @throws SealedTextError when the key they were encrypted with is no longer configured */
  of({ tenantId, integrationId, provider, config, sealedCredentials }: Integration): {
    provider: Provider;
    connection: Connection;
  } {
    const opened = this.sealed.open(sealedCredentials, associatedDataOf(tenantId, integrationId));
    return {
      provider: providerNamed(provider),
      connection: { config, credentials: JSON.parse(opened) as object },
    };
  }
}

/** Binds the ciphertext to its row: copied to another row it cannot be decrypted. */
function associatedDataOf(tenantId: TenantId, integrationId: string): string {
  return `${tenantId}:${integrationId}`;
}
