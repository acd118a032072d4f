import { Aggregate } from '#kernel/domain/aggregate';
import type { TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { IntegrationConnected, IntegrationDisconnected } from '../events.js';

export const INTEGRATION_STATUSES = words('IntegrationStatus', ['connected', 'failing']);
export type IntegrationStatus = (typeof INTEGRATION_STATUSES)[number];

export interface NewIntegration {
  readonly integrationId: string;
  readonly provider: string;
  readonly label: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly sealedCredentials: string;
  readonly connectedBy: string;
  /** Hash of the token in its `ingestUrl`; null for a tool that is not a sender. */
  readonly ingestTokenHash: string | null;
}

/** A connected tool of a tenant. */
export class Integration extends Aggregate {
  readonly integrationId!: string;
  readonly provider!: string;
  readonly label!: string;
  status: IntegrationStatus = 'connected';
  readonly config!: Readonly<Record<string, unknown>>;
  readonly sealedCredentials!: string;
  readonly connectedBy!: string;
  readonly connectedAt!: Date;
  readonly ingestTokenHash!: string | null;
  /** Until then its messages wait: the chat is busy, or takes none. */
  heldUntil: Date | null = null;
  /** How many messages were given up since it was last tested with success. */
  lostMessages = 0;
  /** When and why the last of them was given up. */
  lastLoss: string | null = null;

  private constructor() {
    super();
  }

  static connect(tenantId: TenantId, given: NewIntegration, now: Date): Integration {
    const integration = Object.assign(new Integration(), given, { tenantId, connectedAt: now });
    const { integrationId, provider, connectedBy } = integration;
    integration.record(new IntegrationConnected({ integrationId, provider, connectedBy }));
    return integration;
  }

  wasTested(answered: boolean): void {
    this.status = answered ? 'connected' : 'failing';
    if (!answered) return;
    this.lostMessages = 0;
    this.lastLoss = null;
  }

  gaveUp(messages: number, why: string, now: Date): void {
    this.status = 'failing';
    this.lostMessages += messages;
    this.lastLoss = `${now.toISOString()}: ${why}`;
  }

  hold(until: Date): void {
    this.heldUntil = until;
  }

  disconnect(disconnectedBy: string): void {
    const { integrationId, provider } = this;
    this.record(new IntegrationDisconnected({ integrationId, provider, disconnectedBy }));
  }
}
