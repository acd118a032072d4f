import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFile } from '../../config/private-files.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { canEnter, findServerUser, letPass, type ServerUser } from './server-user.js';

/** The files of the server, and the user it runs as. */
export interface ServerHome {
  dir: string;
  cluster: string;
  log: string;
  user: ServerUser | undefined;
}

/**
 * The data directory itself if PostgreSQL can access it. It cannot when we are root and only root may enter the directory: then the files
 * are in a directory under `sharedDir`, and `postgres-location.json` in the data directory says where.
 */
export function findServerHome(dataDir: string, sharedDir: () => string): ServerHome {
  const note = join(dataDir, 'postgres-location.json');
  const noted = readNote(note);
  if (noted) return homeIn(noted);

  const home = homeIn(dataDir);
  if (!home.user || letPass(home.user, dataDir)) return home;
  if (existsSync(home.cluster)) {
    throw new EmbeddedPostgresError(
      `The database in ${home.cluster} was made when the user PostgreSQL runs as could enter ${dataDir}, and now it cannot: let it pass again (chmod o+x).`,
    );
  }
  const path = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  // Not only the hash: a data directory that was removed and created again must not find the old database.
  const dir = mkdtempSync(join(sharedDir(), `${path}-`));
  if (createPrivateFile(note, `${JSON.stringify({ dir, reason: 'PostgreSQL cannot run as root' })}\n`))
    return homeIn(dir);
  rmSync(dir, { recursive: true });
  return findServerHome(dataDir, sharedDir);
}

function homeIn(dir: string): ServerHome {
  const cluster = join(dir, 'postgres');
  const user = findServerUser(cluster, dir);
  if (user) letPass(user, dir);
  return { dir, cluster, log: join(dir, 'postgres.log'), user };
}

function readNote(note: string): string | undefined {
  if (!existsSync(note)) return undefined;
  const dir = dirIn(readFileSync(note, 'utf8'));
  if (dir === undefined)
    throw new EmbeddedPostgresError(
      `${note} is damaged: put back a copy of it, since it says where the database is.`,
    );
  if (existsSync(dir)) return dir;
  throw new EmbeddedPostgresError(
    `The database was in ${dir}, which no longer exists: restore that directory, or remove ${note} and postgres-passwords.json next to it to start with an empty database.`,
  );
}

function dirIn(content: string): string | undefined {
  try {
    const { dir } = JSON.parse(content) as { dir?: unknown };
    return typeof dir === 'string' ? dir : undefined;
  } catch {
    return undefined;
  }
}

/** The programs of PostgreSQL do not get our environment: it contains secrets, and PG* variables would change their behaviour. */
export function programOptions(home: ServerHome) {
  return {
    ...home.user,
    cwd: home.dir,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  };
}

/** A directory that only root can write to and everyone can enter. */
export function sharedDirOfRoot(preferred = '/var/lib/causeflow'): string {
  for (const dir of [preferred, join(tmpdir(), 'causeflow-of-root')]) {
    try {
      mkdirSync(dir);
      chmodSync(dir, 0o755); // independent of the umask
    } catch {
      // it exists, or cannot be created: checked below
    }
    const found = lstatSync(dir, { throwIfNoEntry: false });
    // In a temporary directory any user could have created this name first, to replace the programs in it.
    const isRootsAlone = found?.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
    if (isRootsAlone && canEnter({ uid: 65534, gid: 65534 }, dir) && isWritable(dir)) return dir;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL cannot run as root, and neither ${preferred} nor ${tmpdir()} can hold the files that another user must reach.`,
  );
}

function isWritable(dir: string): boolean {
  try {
    rmSync(mkdtempSync(join(dir, '.probe-')), { recursive: true });
    return true;
  } catch {
    return false;
  }
}
