import { Injectable } from '@nestjs/common';
import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Principals } from '#modules/users/api';

const LIFE_MS = 30_000;

/** A caller as it lies in its ticket. */
type Holder = Omit<Principal, 'expiresAt'> & { readonly expiresAt: string | null };

/**
 * Tickets for browsers, whose EventSource cannot send an `Authorization` header and whose addresses end up in logs: good
 * for one stream, for half a minute, on any replica. A ticket names its tenant, so that it is looked up behind the wall.
 */
@Injectable()
export class StreamTickets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly principals: Principals,
    private readonly clock: Clock,
  ) {}

  /** @returns the ticket, which is stored nowhere */
  async issue(holder: Principal): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = `${holder.tenantId}.${newOpaqueToken()}`;
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + LIFE_MS);
    await this.unitOfWork.query(
      holder.tenantId,
      `WITH stale AS (DELETE FROM stream_tickets WHERE tenant_id = $1 AND expires_at <= $5)
       INSERT INTO stream_tickets (tenant_id, ticket_hash, holder, expires_at) VALUES ($1, $2, $3, $4)`,
      [holder.tenantId, sha256Hex(ticket), JSON.stringify(holder), expiresAt, now],
    );
    return { ticket, expiresAt };
  }

  /** Spends a ticket. @returns its holder, or undefined when it is unknown, spent or expired, or the holder is out */
  async redeem(ticket: string): Promise<Principal | undefined> {
    const tenantId = asTenantId(ticket.slice(0, ticket.indexOf('.')));
    if (!tenantId) return undefined;
    // Of several at the same time, one deletes the row; the others wait for it and find nothing.
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
