import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only the last directory is private; parents that are created on the way get the default mode. */
export function makePrivateDir(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Returns false, and leaves the file alone, when another process made it first. */
export function createPrivateFile(path: string, content: string): boolean {
  const temporary = writeBeside(path, content);
  try {
    // link, unlike rename, never replaces a file: of two concurrent first starts one wins and the other reads its file.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDir(dirname(path));
  return true;
}

export function replacePrivateFile(path: string, content: string): void {
  renameSync(writeBeside(path, content), path);
  syncDir(dirname(path));
}

/** A new directory entry survives a power cut only after fsync of the directory. */
export function syncDir(path: string): void {
  if (process.platform === 'win32') return; // Windows cannot fsync a directory and does not need to
  const dir = openSync(path, 'r');
  try {
    fsyncSync(dir);
  } finally {
    closeSync(dir);
  }
}

function writeBeside(path: string, content: string): string {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return temporary;
}
