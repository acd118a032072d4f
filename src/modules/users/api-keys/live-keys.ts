import { Injectable } from '@nestjs/common';
import { SealedText, SealedTextError } from '#kernel/crypto/sealed-text';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { type FormerSecret, goodSecrets } from '#kernel/domain/former-secrets';
import type { TenantId } from '#kernel/domain/ids';
import type { Scope } from '#kernel/http/principal';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { gathered } from '#kernel/persistence/gathered';
import { Recent } from '#kernel/persistence/recent';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { ApiKeys, type KeyHolder } from '../api.js';
import { KeyUses } from './key-uses.js';

const KEY = /^cflo_[0-9a-f]{64}$/;
const NOBODY = Promise.resolve(undefined);
/** How exact `lastUsedAt` is: a busy key must not become a hot row. */
const USE_NOTED_EVERY_MS = 60_000;

/** The keys that are in use. An alert's way in asks it thousands of times a second, hence no work but a look into a map. */
@Injectable()
export class LiveKeys extends ApiKeys {
  private readonly holders = new Recent<KeyHolder | undefined>({
    seconds: 3,
    most: 20_000,
    load: (key) => this.find(key),
    goodFor: (holder) => this.millisecondsLeft(holder?.expiresAt),
  });
  private readonly lives = new Recent<boolean>({ seconds: 3, most: 20_000, load: (key) => this.exists(key) });

  /** With very many tenants hardly an alert finds its key remembered. */
  private readonly rowOf = gathered((hashes: readonly string[]) => this.rowsOf(hashes));
  /** Of each that listens to a stream it is asked again and again. */
  private readonly exists = gathered((places: readonly string[]) => this.whichExist(places));

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly sealed: SealedText,
    private readonly uses: KeyUses,
    private readonly clock: Clock,
  ) {
    super();
  }

  holderOf(plaintextKey: string): Promise<KeyHolder | undefined> {
    return KEY.test(plaintextKey) ? this.holders.get(plaintextKey) : NOBODY;
  }

  freshHolderOf(plaintextKey: string): Promise<KeyHolder | undefined> {
    this.holders.forget(plaintextKey);
    return this.holderOf(plaintextKey);
  }

  knownHolderOf(plaintextKey: string): KeyHolder | undefined {
    return this.holders.known(plaintextKey);
  }

  isLive(tenantId: TenantId, keyId: string): Promise<boolean> {
    return this.lives.get(`${tenantId}/${keyId}`);
  }

  /** To be called after a change was committed, so that this replica knows it at once. */
  changed(tenantId: TenantId, keyId: string): void {
    this.lives.forget(`${tenantId}/${keyId}`);
    this.holders.forgetWhere((holder) => holder?.keyId === keyId);
  }

  private async find(plaintextKey: string): Promise<KeyHolder | undefined> {
    const row = await this.rowOf(sha256Hex(plaintextKey));
    if (!row || this.millisecondsLeft(row.expires_at) <= 0) return undefined;
    const { tenant_id: tenantId, key_id: keyId, scopes, expires_at: expiresAt } = row;
    if (!row.last_used_at || this.millisecondsLeft(row.last_used_at) < -USE_NOTED_EVERY_MS) {
      this.uses.note({ tenantId, keyId, at: this.clock.now() });
    }
    return { keyId, tenantId, scopes, expiresAt, webhookSecrets: this.secretsOf(row) };
  }

  private secretsOf(row: KeyRow): readonly string[] | undefined {
    const sealed = goodSecrets(row.webhook_secret, row.former_secrets, this.clock.now());
    try {
      return this.sealed.openNewest(sealed, secretPlace(row.tenant_id, row.key_id));
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

  /** @param places as `isLive` makes them */
  private async whichExist(places: readonly string[]): Promise<boolean[]> {
    const keys = places.map((place) => place.split('/') as [TenantId, string]);
    const tenantIds = keys.map(([tenantId]) => tenantId);
    const found = await this.batches.read<{ place: string }>([...new Set(tenantIds)], WHICH_EXIST, [
      tenantIds,
      keys.map(([, keyId]) => keyId),
    ]);
    const those = new Set(found.map(({ place }) => place));
    return places.map((place) => those.has(place));
  }

  private millisecondsLeft(until: Date | null | undefined): number {
    return until ? until.getTime() - this.clock.now().getTime() : Infinity;
  }
}

const WHICH_EXIST = {
  name: 'which-keys-exist',
  text: `
  SELECT tenant_id || '/' || key_id AS place
    FROM unnest($1::text[], $2::text[]) AS sought (tenant_id, key_id) JOIN api_keys USING (tenant_id, key_id)`,
};

/** Binds a sealed webhook secret to its row. */
export function secretPlace(tenantId: TenantId, keyId: string): string {
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
