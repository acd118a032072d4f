import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainFileError } from '../persistence/embedded/embedded-postgres-error.js';
import { ConfigError } from './config-error.js';
import { createPrivateFile, makePrivateDir, replacePrivateFile } from './private-files.js';
import type { Secrets } from './secrets-config.js';

/**
 * Reads `<dataDir>/secrets.json` and generates what is missing: a first start needs no configuration, and later ones can decrypt
 * what it encrypted.
 */
export function keepSecrets(dataDir: string): Secrets {
  try {
    return keepIn(dataDir);
  } catch (error) {
    throw explainFileError(error, dataDir);
  }
}

export function secretsPath(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

function keepIn(dataDir: string): Secrets {
  const path = secretsPath(dataDir);
  makePrivateDir(dataDir);

  const kept = read(path);
  const jwtSecret = kept?.jwtSecret ?? randomBytes(32).toString('base64url');
  const encryptionKey = kept?.encryptionKey ?? randomBytes(32).toString('base64');
  if (kept?.jwtSecret && kept.encryptionKey) return { jwtSecret, encryptionKey };

  const content = `${JSON.stringify({ ...kept, jwtSecret, encryptionKey }, null, 2)}\n`;
  if (kept) replacePrivateFile(path, content);
  else if (!createPrivateFile(path, content)) return keepIn(dataDir);
  return { jwtSecret, encryptionKey };
}

function read(path: string): Partial<Secrets> | undefined {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EISDIR') throw error;
    // Docker creates a directory where the file of a bind mount is missing.
    content = '';
  }
  const secrets = parse(content);
  if (!secrets) {
    // Overwriting it with new secrets would make every stored credential unreadable for ever.
    throw new ConfigError([
      `${path} is damaged: it must be a JSON object with jwtSecret (32 characters or more) and encryptionKey (32 bytes in base64). ` +
        'Put back a copy of it, or remove it if no stored credential and no session has to survive.',
    ]);
  }
  chmodSync(path, 0o600);
  return secrets;
}

function parse(content: string): Partial<Secrets> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { jwtSecret, encryptionKey } = value as Record<string, unknown>;
  if (jwtSecret !== undefined && (typeof jwtSecret !== 'string' || jwtSecret.length < 32)) return undefined;
  if (encryptionKey !== undefined && !is32BytesInBase64(encryptionKey)) return undefined;
  return value;
}

function is32BytesInBase64(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === value;
}
