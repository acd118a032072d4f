import { ConfigError } from './config-error.js';
import { type EnvironmentReader, isEncryptionKey } from './environment.js';

export interface Secrets {
  readonly jwtSecret: string;
  /** Base64 of 32 bytes. */
  readonly encryptionKey: string;
}

type GivenSecrets = { readonly [K in keyof Secrets]: string | undefined };

export function readSecrets(read: EnvironmentReader): GivenSecrets {
  const jwtSecret = read.text('JWT_SECRET');
  if (jwtSecret !== undefined && jwtSecret.length < 32)
    read.fault('JWT_SECRET must have at least 32 characters.');
  const encryptionKey = read.text('ENCRYPTION_KEY');
  if (encryptionKey !== undefined && !isEncryptionKey(encryptionKey)) {
    read.fault('ENCRYPTION_KEY must be the base64 of exactly 32 bytes; `openssl rand -base64 32` makes one.');
  }
  return { jwtSecret, encryptionKey };
}

export function requireSecrets(read: EnvironmentReader): void {
  for (const name of ['JWT_SECRET', 'ENCRYPTION_KEY']) {
    if (read.text(name) !== undefined) continue;
    read.fault(
      `${name} is missing: with a DATABASE_URL it is required, the same on every replica; \`openssl rand -base64 32\` creates one.`,
    );
  }
}

export function completeSecrets(
  given: GivenSecrets,
  dataDir: string,
  keepSecrets?: (dataDir: string) => Secrets,
): Secrets {
  const { jwtSecret, encryptionKey } = given;
  if (jwtSecret !== undefined && encryptionKey !== undefined) return { jwtSecret, encryptionKey };
  const kept = keepSecrets?.(dataDir);
  const complete = {
    jwtSecret: jwtSecret ?? kept?.jwtSecret ?? '',
    encryptionKey: encryptionKey ?? kept?.encryptionKey ?? '',
  };
  if (complete.jwtSecret.length >= 32 && isEncryptionKey(complete.encryptionKey)) return complete;
  throw new ConfigError([
    `The secrets kept under ${dataDir} are damaged; restore that directory from a backup.`,
  ]);
}
