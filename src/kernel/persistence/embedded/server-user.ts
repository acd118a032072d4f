import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The user that PostgreSQL runs as when we are root, because it refuses to run as root. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Undefined unless we are root: otherwise PostgreSQL runs as the current user. An existing database keeps its owner. A new one belongs to
 * the owner of its directory, so that after `sudo npm start` in a checkout its owner can start it too; otherwise to `postgres`, or else
 * to `nobody`. No user is ever created.
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
    // an image without a user database: PostgreSQL will report what is missing
  }
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** Whether the user may enter a directory and all its parents, by their modes. ACLs are not checked. */
export function canEnter(user: ServerUser, dir: string): boolean {
  for (let path = resolve(dir); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * Lets the user's group enter a private directory of root, but not list it; its files keep their own modes.
 * @returns whether the user can enter now
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
