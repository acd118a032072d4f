import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { BatchWriter } from '#kernel/persistence/batch-writer';

const FLUSH_INTERVAL_MS = 1_000;
const BATCH_SIZE = 256;

interface Use {
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly at: Date;
}

/** Records when keys were last used, batched per second: with very many tenants, many keys are used only now and then. */
@Injectable()
export class ApiKeyUsage implements OnApplicationShutdown {
  private readonly log = new Logger(ApiKeyUsage.name);
  private uses: Use[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly batches: BatchWriter) {}

  record(use: Use): void {
    this.uses.push(use);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_INTERVAL_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
  }

  private async flush(): Promise<void> {
    const { uses } = this;
    this.uses = [];
    this.timer = undefined;
    try {
      for (let at = 0; at < uses.length; at += BATCH_SIZE) {
        const batch = uses.slice(at, at + BATCH_SIZE);
        const tenantIds = batch.map(({ tenantId }) => tenantId);
        await this.batches.read([...new Set(tenantIds)], RECORD, [
          tenantIds,
          batch.map(({ keyId }) => keyId),
          batch.map((use) => use.at),
        ]);
      }
    } catch (error) {
      this.log.warn(`Cannot record the last use of up to ${uses.length} API keys: ${String(error)}`);
    }
  }
}

/** Skips locked keys and does not wait for a flush to disk: an update that is lost is made at the next use. */
const RECORD = {
  name: 'record-api-key-usage',
  text: `
  WITH used AS MATERIALIZED (
    SELECT k.tenant_id, k.key_id, u.at FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS u (tenant_id, key_id, at)
      JOIN api_keys k USING (tenant_id, key_id) FOR NO KEY UPDATE OF k SKIP LOCKED
  )
  UPDATE api_keys k SET last_used_at = used.at
    FROM used, (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed
   WHERE k.tenant_id = used.tenant_id AND k.key_id = used.key_id`,
};
