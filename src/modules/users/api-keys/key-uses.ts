import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { BatchWriter } from '#kernel/persistence/batch-writer';

const PAUSE_MS = 1_000;
const AT_ONCE = 256;

interface Use {
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly at: Date;
}

/** Notes when keys were last used, all of a second together: with very many tenants each key is used now and then. */
@Injectable()
export class KeyUses implements OnApplicationShutdown {
  private readonly log = new Logger(KeyUses.name);
  private uses: Use[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly batches: BatchWriter) {}

  note(use: Use): void {
    this.uses.push(use);
    this.timer ??= setTimeout(() => void this.write(), PAUSE_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.write();
  }

  private async write(): Promise<void> {
    const { uses } = this;
    this.uses = [];
    this.timer = undefined;
    try {
      for (let at = 0; at < uses.length; at += AT_ONCE) {
        const few = uses.slice(at, at + AT_ONCE);
        const tenantIds = few.map(({ tenantId }) => tenantId);
        await this.batches.read([...new Set(tenantIds)], NOTE, [
          tenantIds,
          few.map(({ keyId }) => keyId),
          few.map((use) => use.at),
        ]);
      }
    } catch (error) {
      this.log.warn(`Of ${uses.length} uses of keys some were not noted: ${String(error)}`);
    }
  }
}

/** A key that somebody changes at the moment is left for its next use; what a crash takes back, too. */
const NOTE = {
  name: 'note-uses-of-keys',
  text: `
  WITH used AS MATERIALIZED (
    SELECT k.tenant_id, k.key_id, u.at FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS u (tenant_id, key_id, at)
      JOIN api_keys k USING (tenant_id, key_id) FOR NO KEY UPDATE OF k SKIP LOCKED
  )
  UPDATE api_keys k SET last_used_at = used.at
    FROM used, (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed
   WHERE k.tenant_id = used.tenant_id AND k.key_id = used.key_id`,
};
