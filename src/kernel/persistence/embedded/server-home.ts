import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFile } from '../../config/private-files.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { canEnter, findServerUser, letPass, type ServerUser } from './server-user.js';

/** Where the files of the server lie, and who it runs as. */
export interface ServerHome {
  dir: string;
  cluster: string;
  log: string;
  user: ServerUser | undefined;
}

/**
 * The data directory itself, wherever PostgreSQL can get there. As root in a folder that only root may enter it cannot:
 * then the files lie in a folder of their own under `sharedDir`, and the data directory holds a note that says where.
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
  // Not the hash alone: a data directory that was removed to begin anew must not meet the database of the old one.
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
  const { dir } = JSON.parse(readFileSync(note, 'utf8')) as { dir: string };
  if (existsSync(dir)) return dir;
  throw new EmbeddedPostgresError(
    `The database was kept in ${dir}, which is gone: bring it back, or remove ${note} and postgres-passwords.json beside it to begin with an empty one.`,
  );
}

/** How the programs of PostgreSQL are run: nothing of our environment, since it holds secrets and PG* would steer them. */
export function programOptions(home: ServerHome) {
  return {
    ...home.user,
    cwd: home.dir,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  };
}

/** A folder that only root writes and everybody may enter. */
export function sharedDirOfRoot(preferred = '/var/lib/causeflow'): string {
  for (const dir of [preferred, join(tmpdir(), 'causeflow-of-root')]) {
    try {
      mkdirSync(dir);
      chmodSync(dir, 0o755); // whatever the umask says
    } catch {
      // it exists, or cannot be made: the next look tells
    }
    const found = lstatSync(dir, { throwIfNoEntry: false });
    // In a temporary directory anybody could have put a folder of this name there first, to swap the programs in it.
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
