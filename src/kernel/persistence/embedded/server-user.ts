import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The user PostgreSQL runs under when we are root, which it refuses to run as. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Undefined unless we are root: then PostgreSQL simply runs as we do. A database keeps the user who owns it, and a new
 * one goes to the owner of its folder, so that after `sudo npm start` in a person's checkout this person can go on;
 * otherwise to `postgres`, and to `nobody` where there is none. No user is ever created.
 */
export function findServerUser(cluster: string, dir: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readUsers();
  const owner = ownerOf(cluster) ?? users.find(({ uid }) => uid === ownerOf(dir)?.uid);
  const { uid, gid } = owner ??
    users.find(({ name }) => name === 'postgres') ??
    users.find(({ name }) => name === 'nobody') ?? { uid: 65534, gid: 65534 };
  return { uid, gid };
}

function ownerOf(path: string): ServerUser | undefined {
  const owner = statSync(path, { throwIfNoEntry: false });
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined;
}

function readUsers(): { name: string; uid: number; gid: number }[] {
  let lines: string[] = [];
  try {
    lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  } catch {
    // an image without a user database: PostgreSQL will say what it lacks
  }
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** Whether the user may pass through a folder and all those above it. Access lists are not read. */
export function canEnter(user: ServerUser, dir: string): boolean {
  for (let path = resolve(dir); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * Opens a folder of root's own to the user's group, to pass through and nothing else: names in it stay unlisted and
 * its files keep their own modes. Returns whether the user can get there now.
 */
export function letPass(user: ServerUser, dir: string): boolean {
  if (canEnter(user, dir)) return true;
  const { mode, uid } = statSync(dir);
  const isPrivateOfRoot = uid === 0 && (mode & 0o077) === 0;
  if (!isPrivateOfRoot || !canEnter(user, dirname(resolve(dir)))) return false;
  chownSync(dir, 0, user.gid);
  chmodSync(dir, 0o710);
  return true;
}
