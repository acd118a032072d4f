import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Integrations } from '../domain/integrations.js';
import { AlertInlets } from './alert-inlets.js';

/** Forgets a tool and its credentials; the address of its alerts dies with it. */
@Injectable()
export class DisconnectIntegration {
  constructor(
    private readonly integrations: Integrations,
    private readonly inlets: AlertInlets,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, integrationId: string, disconnectedBy: string): Promise<void> {
    const { provider } = await this.integrations.get(tenantId, integrationId);
    await this.integrations.remove(tenantId, integrationId, (gone) => gone.disconnect(disconnectedBy));
    this.inlets.changed(tenantId, provider);
  }
}
