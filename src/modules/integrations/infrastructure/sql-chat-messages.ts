import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { ChatKey, ChatMessage, ChatMessages, Occasion } from '../domain/chat-messages.js';

const AT_A_TIME = 100;

@Injectable()
export class SqlChatMessages implements ChatMessages {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async add({ tenantId, integrationId }: ChatKey, occasion: Occasion, requestedAt: Date): Promise<void> {
    const { incidentId = null } = occasion.event.data as { incidentId?: unknown };
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO chat_messages (tenant_id, integration_id, incident_id, occasion, requested_at)
       VALUES ($1, $2, $3, $4, $5)`,
      [tenantId, integrationId, incidentId, JSON.stringify(occasion), requestedAt],
    );
  }

  async next({ tenantId, integrationId }: ChatKey): Promise<ChatMessage | undefined> {
    const [message] = await this.unitOfWork.query<ChatMessage>(tenantId, NEXT, [tenantId, integrationId]);
    return message;
  }

  async sent(
    { tenantId, integrationId }: ChatKey,
    { place, incidentId }: ChatMessage,
    thread: string | undefined,
  ): Promise<void> {
    await this.unitOfWork.query(tenantId, SENT, [tenantId, integrationId, place, incidentId, thread ?? null]);
  }

  async failed(
    { tenantId, integrationId }: ChatKey,
    { place, tries }: ChatMessage,
    failure: string,
    notBefore: Date | null,
  ): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `UPDATE chat_messages SET tries = $4, failure = $5, not_before = $6
        WHERE tenant_id = $1 AND integration_id = $2 AND place = $3`,
      [tenantId, integrationId, place, tries + 1, failure, notBefore],
    );
  }

  async giveUp({ tenantId, integrationId }: ChatKey, before: Date): Promise<(string | null)[]> {
    const parameters = [tenantId, integrationId, before, AT_A_TIME];
    const gone: { failure: string | null }[] = [];
    let batch: typeof gone;
    do {
      batch = await this.unitOfWork.query(tenantId, GIVE_UP, parameters);
      gone.push(...batch);
    } while (batch.length === AT_A_TIME);
    return gone.map(({ failure }) => failure);
  }

  async forget({ tenantId, integrationId }: ChatKey): Promise<number> {
    const rows = await this.unitOfWork.query(
      tenantId,
      'DELETE FROM chat_messages WHERE tenant_id = $1 AND integration_id = $2 RETURNING place',
      [tenantId, integrationId],
    );
    return rows.length;
  }
}

/** By the clock of PostgreSQL, which also decides when a job is due: one that is must not find its message too early. */
const NEXT = `
  SELECT place, incident_id AS "incidentId", occasion, tries, (
           SELECT thread FROM chat_threads AS about
            WHERE about.tenant_id = $1 AND about.incident_id = message.incident_id AND about.integration_id = $2)
    FROM chat_messages AS message
   WHERE tenant_id = $1 AND integration_id = $2 AND (not_before IS NULL OR not_before <= now())
     AND NOT EXISTS (
       SELECT FROM integrations WHERE tenant_id = $1 AND integration_id = $2 AND held_until > now())
   ORDER BY place LIMIT 1`;

/** Looks at the first ones only: if these are young, the others are. */
const GIVE_UP = `
  DELETE FROM chat_messages
   WHERE tenant_id = $1 AND integration_id = $2 AND requested_at < $3 AND place = ANY (ARRAY(
     SELECT place FROM chat_messages WHERE tenant_id = $1 AND integration_id = $2 ORDER BY place LIMIT $4))
  RETURNING failure`;

const SENT = `
  WITH gone AS (DELETE FROM chat_messages WHERE tenant_id = $1 AND integration_id = $2 AND place = $3)
  INSERT INTO chat_threads AS stored (tenant_id, integration_id, incident_id, thread)
  SELECT $1, $2, $4, $5 WHERE $4::text IS NOT NULL AND $5::text IS NOT NULL
      ON CONFLICT (tenant_id, incident_id, integration_id) DO UPDATE SET thread = excluded.thread
   WHERE stored.thread <> excluded.thread`;
