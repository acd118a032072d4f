import { Injectable } from '@nestjs/common';
import { SealedText, SealedTextError } from '#kernel/crypto/sealed-text';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { type FormerSecret, goodSecrets } from '#kernel/domain/former-secrets';
import type { TenantId } from '#kernel/domain/ids';
import type { Scope } from '#kernel/http/principal';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { batchedLookup } from '#kernel/persistence/batched-lookup';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { ApiKeys, type KeyHolder } from '../api.js';
import { ApiKeyUsage } from './api-key-usage.js';

const KEY = /^cflo_[0-9a-f]{64}$/;
const UNKNOWN = Promise.resolve(undefined);
/** The precision of `lastUsedAt`: a busy key must not become a hot row. */
const USAGE_INTERVAL_MS = 60_000;

/** The API keys in use. Alert reception reads it thousands of times a second, so a hit costs one map lookup only. */
@Injectable()
export class ApiKeyCache extends ApiKeys {
  private readonly holders = new TtlCache<KeyHolder | undefined>({
    ttlSeconds: 3,
    maxEntries: 20_000,
    load: (key) => this.find(key),
    ttlMs: (holder) => this.millisecondsLeft(holder?.expiresAt),
  });
  private readonly existing = new TtlCache<boolean>({
    ttlSeconds: 3,
    maxEntries: 20_000,
    load: (key) => this.exists(key),
  });

  /** Batched: with very many tenants most alerts miss the cache. */
  private readonly rowOf = batchedLookup((hashes: readonly string[]) => this.rowsOf(hashes));
  /** Batched: every open stream checks its key again and again. */
  private readonly exists = batchedLookup((ids: readonly string[]) => this.whichExist(ids));

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly sealed: SealedText,
    private readonly usage: ApiKeyUsage,
    private readonly clock: Clock,
  ) {
    super();
  }

  holderOf(plaintextKey: string): Promise<KeyHolder | undefined> {
    return KEY.test(plaintextKey) ? this.holders.get(plaintextKey) : UNKNOWN;
  }

  freshHolderOf(plaintextKey: string): Promise<KeyHolder | undefined> {
    this.holders.forget(plaintextKey);
    return this.holderOf(plaintextKey);
  }

  cachedHolderOf(plaintextKey: string): KeyHolder | undefined {
    return this.holders.peek(plaintextKey);
  }

  isLive(tenantId: TenantId, keyId: string): Promise<boolean> {
    return this.existing.get(`${tenantId}/${keyId}`);
  }

  /** To be called after a change has committed, so that it takes effect on this replica at once. */
  evict(tenantId: TenantId, keyId: string): void {
    this.existing.forget(`${tenantId}/${keyId}`);
    this.holders.forgetWhere((holder) => holder?.keyId === keyId);
  }

  private async find(plaintextKey: string): Promise<KeyHolder | undefined> {
    const row = await this.rowOf(sha256Hex(plaintextKey));
    if (!row || this.millisecondsLeft(row.expires_at) <= 0) return undefined;
    const { tenant_id: tenantId, key_id: keyId, scopes, expires_at: expiresAt } = row;
    if (!row.last_used_at || this.millisecondsLeft(row.last_used_at) < -USAGE_INTERVAL_MS) {
      this.usage.record({ tenantId, keyId, at: this.clock.now() });
    }
    return { keyId, tenantId, scopes, expiresAt, webhookSecrets: this.secretsOf(row) };
  }

  private secretsOf(row: KeyRow): readonly string[] | undefined {
    const sealed = goodSecrets(row.webhook_secret, row.former_secrets, this.clock.now());
    try {
      return this.sealed.openNewest(sealed, secretContext(row.tenant_id, row.key_id));
    } catch (error) {
      if (error instanceof SealedTextError) return undefined;
      throw error;
    }
  }

  private async rowsOf(hashes: readonly string[]): Promise<(KeyRow | undefined)[]> {
    const found = await this.unitOfWork.lookUp<KeyRow & { key_hash: string }>(
      'SELECT * FROM unnest($1::text[]) AS key_hash CROSS JOIN LATERAL find_api_key(key_hash)',
      [hashes],
    );
    const rows = new Map(found.map((row) => [row.key_hash, row]));
    return hashes.map((hash) => rows.get(hash));
  }

  /** @param ids `tenantId/keyId` */
  private async whichExist(ids: readonly string[]): Promise<boolean[]> {
    const keys = ids.map((id) => id.split('/') as [TenantId, string]);
    const tenantIds = keys.map(([tenantId]) => tenantId);
    const found = await this.batches.read<{ id: string }>([...new Set(tenantIds)], WHICH_EXIST, [
      tenantIds,
      keys.map(([, keyId]) => keyId),
    ]);
    const existing = new Set(found.map(({ id }) => id));
    return ids.map((id) => existing.has(id));
  }

  private millisecondsLeft(until: Date | null | undefined): number {
    return until ? until.getTime() - this.clock.now().getTime() : Infinity;
  }
}

const WHICH_EXIST = {
  name: 'which-keys-exist',
  text: `
  SELECT tenant_id || '/' || key_id AS id
    FROM unnest($1::text[], $2::text[]) AS sought (tenant_id, key_id) JOIN api_keys USING (tenant_id, key_id)`,
};

/** Binds an encrypted webhook secret to its row. */
export function secretContext(tenantId: TenantId, keyId: string): string {
  return `${tenantId}/${keyId}/webhook-secret`;
}

interface KeyRow {
  readonly tenant_id: TenantId;
  readonly key_id: string;
  readonly scopes: readonly Scope[];
  readonly webhook_secret: string;
  readonly former_secrets: readonly FormerSecret[];
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
}
