import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../domain/errors.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([0-9a-f]{8})\.([\w-]{16})\.([\w-]{22})\.([\w-]*)$/;

/** Somebody has to do something first. Senders of alerts come again until then. */
const RETRY_AFTER_SECONDS = 60;

/**
 * A stored text that cannot be read: damaged, moved from another row, or sealed with a key no longer configured. Why is for
 * the log; a caller is told what helps.
 */
export class SealedTextError extends Refusal {
  override readonly name = 'SealedTextError';

  constructor(why: string) {
    super(
      'service_unavailable',
      'A stored secret that this needs cannot be read: rotate or connect anew what it belongs to, or give the server the ENCRYPTION_KEY of then.',
      { cause: new Error(why), retryAfter: RETRY_AFTER_SECONDS },
    );
  }
}

/**
 * Encrypts short texts at rest as `v1.<keyId>.<iv>.<tag>.<ciphertext>`. The key id tells which key opens it, so keys
 * can be rotated: new texts are sealed with the current one while those sealed with old ones stay readable.
 *
 * Every text is bound to its place by `aad` (say, tenant id and row id): copied to another row it does not open.
 */
export class SealedText {
  private readonly keys = new Map<string, Buffer>();
  private readonly currentId: string;

  /** @param current and `old` are base64 of 32 bytes each */
  constructor(current: string, old: readonly string[] = []) {
    for (const key of old) this.addKey(key);
    this.currentId = this.addKey(current);
  }

  seal(text: string, aad: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key(this.currentId), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(place(aad));
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const parts = [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
    return ['v1', this.currentId, ...parts].join('.');
  }

  open(sealed: string, aad: string): string {
    const parts = SEALED.exec(sealed);
    if (!parts) throw new SealedTextError('The text is not in the sealed form.');
    const [, keyId = '', iv = '', tag = '', ciphertext = ''] = parts;
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv(ALGORITHM, this.key(keyId), Buffer.from(iv, 'base64url'), options);
    decipher.setAAD(place(aad)).setAuthTag(Buffer.from(tag, 'base64url'));
    const start = decipher.update(ciphertext, 'base64url', 'utf8');
    try {
      return start + decipher.final('utf8');
    } catch {
      throw new SealedTextError('The sealed text was changed or belongs to another row.');
    }
  }

  /** The newest of several texts of one place, and those before it that can be read: the key of an older one may be lost. */
  openNewest([newest = '', ...older]: readonly string[], aad: string): string[] {
    return [this.open(newest, aad), ...older.flatMap((sealed) => this.openUnlessLost(sealed, aad))];
  }

  private openUnlessLost(sealed: string, aad: string): string[] {
    try {
      return [this.open(sealed, aad)];
    } catch (error) {
      if (error instanceof SealedTextError) return [];
      throw error;
    }
  }

  private addKey(base64: string): string {
    const key = Buffer.from(base64, 'base64');
    if (key.length !== 32) throw new Error('An encryption key must be the base64 of 32 bytes.');
    const id = sealingKeyId(base64);
    this.keys.set(id, key);
    return id;
  }

  private key(id: string): Buffer {
    const key = this.keys.get(id);
    if (key) return key;
    throw new SealedTextError(
      `The text was sealed with key ${id}, which is not configured; add it to ENCRYPTION_KEYS_OLD.`,
    );
  }
}

/** What a key is called in the texts it sealed. @param base64 of 32 bytes */
export function sealingKeyId(base64: string): string {
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex').slice(0, 8);
}

function place(aad: string): Buffer {
  if (aad === '') throw new Error('A sealed text must be bound to a place: aad is empty.');
  return Buffer.from(aad);
}
