import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepSecrets } from './kept-secrets.js';

describe('kept secrets', () => {
  let parent: string;
  let dataDir: string;
  const file = () => join(dataDir, 'secrets.json');
  const mode = (path: string) => statSync(path).mode & 0o777;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'kept-secrets-'));
    dataDir = join(parent, 'new', 'data');
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  it('are created by the first call and reused by later calls', () => {
    const first = keepSecrets(dataDir);
    expect(Buffer.from(first.jwtSecret, 'base64url')).toHaveLength(32);
    expect(Buffer.from(first.encryptionKey, 'base64')).toHaveLength(32);
    expect(keepSecrets(dataDir)).toEqual(first);
  });

  it('differ between data directories', () => {
    expect(keepSecrets(dataDir)).not.toEqual(keepSecrets(join(parent, 'other')));
  });

  it('are readable only by their owner, also when the file mode was changed', () => {
    keepSecrets(dataDir);
    expect(mode(dataDir)).toBe(0o700);
    expect(mode(file())).toBe(0o600);
    chmodSync(file(), 0o644);
    keepSecrets(dataDir);
    expect(mode(file())).toBe(0o600);
  });

  it('leave no temporary file behind', () => {
    keepSecrets(dataDir);
    expect(readdirSync(dataDir)).toEqual(['secrets.json']);
  });

  it('are completed without changing existing ones', () => {
    const { encryptionKey } = keepSecrets(dataDir);
    writeFileSync(file(), JSON.stringify({ encryptionKey, note: 'from the vault' }));
    const completed = keepSecrets(dataDir);
    expect(completed.encryptionKey).toBe(encryptionKey);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ ...completed, note: 'from the vault' });
    expect(readdirSync(dataDir)).toEqual(['secrets.json']);
  });

  it('are reported as damaged where they are a directory, which stays as it is', () => {
    mkdirSync(file(), { recursive: true });
    expect(() => keepSecrets(dataDir)).toThrow(`${file()} is damaged`);
    expect(statSync(file()).isDirectory()).toBe(true);
  });

  it.each([
    ['cut short', '{"jwtSecret": "abc'],
    ['empty', ''],
    ['a list', '[]'],
    ['a key of 16 bytes', JSON.stringify({ encryptionKey: Buffer.alloc(16).toString('base64') })],
    ['a key that is not base64', JSON.stringify({ encryptionKey: '*'.repeat(44) })],
    ['a short JWT secret', JSON.stringify({ jwtSecret: 'secret' })],
  ])('refuses a damaged file (%s) and does not write over it', (_, content) => {
    keepSecrets(dataDir);
    writeFileSync(file(), content);
    expect(() => keepSecrets(dataDir)).toThrow(/secrets\.json is damaged/);
    expect(readFileSync(file(), 'utf8')).toBe(content);
  });
});
