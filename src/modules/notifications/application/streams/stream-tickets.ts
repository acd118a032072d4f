import { Injectable } from '@nestjs/common';
import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Principals } from '#modules/users/api';

const LIFETIME_MS = 30_000;

/** A caller as stored with its ticket. */
type Holder = Omit<Principal, 'expiresAt'> & { readonly expiresAt: string | null };

/**
 * Tickets for browsers, whose EventSource cannot send an `Authorization` header and whose URLs end up in logs. A ticket
 * opens one stream, within 30 seconds, on any replica. It names its tenant, so that row-level security applies to its lookup.
 */
@Injectable()
export class StreamTickets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly principals: Principals,
    private readonly clock: Clock,
  ) {}

  /** @returns the ticket, of which only a hash is stored */
  async issue(holder: Principal): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = `${holder.tenantId}.${newOpaqueToken()}`;
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    await this.unitOfWork.query(
      holder.tenantId,
      `WITH stale AS (DELETE FROM stream_tickets WHERE tenant_id = $1 AND expires_at <= $5)
       INSERT INTO stream_tickets (tenant_id, ticket_hash, holder, expires_at) VALUES ($1, $2, $3, $4)`,
      [holder.tenantId, sha256Hex(ticket), JSON.stringify(holder), expiresAt, now],
    );
    return { ticket, expiresAt };
  }

  /** Spends a ticket. @returns undefined when it is unknown, spent or expired, or its holder has lost access */
  async redeem(ticket: string): Promise<Principal | undefined> {
    const tenantId = asTenantId(ticket.slice(0, ticket.indexOf('.')));
    if (!tenantId) return undefined;
    // Of concurrent calls one deletes the row; the others wait for its lock and find nothing.
    const [spent] = await this.unitOfWork.query<{ holder: Holder; expires_at: Date }>(
      tenantId,
      'DELETE FROM stream_tickets WHERE tenant_id = $1 AND ticket_hash = $2 RETURNING holder, expires_at',
      [tenantId, sha256Hex(ticket)],
    );
    if (!spent || spent.expires_at <= this.clock.now()) return undefined;
    const { holder } = spent;
    const expiresAt = holder.expiresAt === null ? null : new Date(holder.expiresAt);
    const principal = { ...holder, expiresAt } as Principal;
    return (await this.principals.stillValid(principal)) ? principal : undefined;
  }
}
