import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../domain/errors.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([0-9a-f]{8})\.([\w-]{16})\.([\w-]{22})\.([\w-]*)$/;

/** An operator has to act first. Senders of alerts retry until then. */
const RETRY_AFTER_SECONDS = 60;

/**
 * A stored text that cannot be decrypted: damaged, copied from another row, or sealed with a key that is not configured. The reason goes
 * to the log only; the caller gets advice.
 */
export class SealedTextError extends Refusal {
  override readonly name = 'SealedTextError';

  constructor(why: string) {
    super(
      'service_unavailable',
      'A stored secret cannot be decrypted: rotate it or connect the integration again, or add the ENCRYPTION_KEY that sealed it to ENCRYPTION_KEYS_OLD.',
      { cause: new Error(why), retryAfter: RETRY_AFTER_SECONDS },
    );
  }
}

/**
 * Encrypts short texts at rest as `v1.<keyId>.<iv>.<tag>.<ciphertext>`. The key id allows rotation: new texts are sealed with the
 * current key, and texts sealed with old keys stay readable.
 *
 * `aad` (tenant id and row id, for example) binds a text to its row: copied to another row it cannot be opened.
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
    cipher.setAAD(aadBytes(aad));
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
    decipher.setAAD(aadBytes(aad)).setAuthTag(Buffer.from(tag, 'base64url'));
    const start = decipher.update(ciphertext, 'base64url', 'utf8');
    try {
      return start + decipher.final('utf8');
    } catch {
      throw new SealedTextError('The sealed text was changed or belongs to another row.');
    }
  }

  /** Opens the newest text, and the older ones of the same row that can be opened: their keys may be lost. */
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

/** The id of a key in the texts that it sealed. @param base64 of 32 bytes */
export function sealingKeyId(base64: string): string {
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex').slice(0, 8);
}

function aadBytes(aad: string): Buffer {
  if (aad === '') throw new Error('A sealed text must be bound to its row: aad is empty.');
  return Buffer.from(aad);
}
