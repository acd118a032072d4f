import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

class DataDirInUseError extends Error {
  constructor(
    dataDir: string,
    readonly pid?: number,
  ) {
    super(
      `The data directory ${dataDir} is in use by another server${pid ? ` (process ${String(pid)})` : ''}: ` +
        'stop that one first, or give this one a DATA_DIR of its own.',
    );
    this.name = 'DataDirInUseError';
  }
}

export interface DataDirLock {
  release(): Promise<void>;
}

/** Long enough for a server that is just ending, and for several that start at the same moment to settle it. */
const PATIENCE_MS = 1500;

/**
 * One living process per directory. The lock is a listening socket, because the kernel closes it whatever way its
 * process ends: unlike a pid file it cannot outlive a `kill -9`, cannot be mistaken for another process that got the
 * same pid, and holds between containers that share the directory (their pids and ports are separate worlds).
 *
 * Every contender publishes a socket under a name of its own and then looks for the others. Of two, the later one to
 * publish sees the earlier, so never both find themselves alone; whoever is not alone withdraws and tries again. Names
 * are never used twice, so removing a dead one can hit nobody who is alive. The sockets lie in `place`.
 */
export async function lockDataDir(dataDir: string, place = dataDir): Promise<DataDirLock> {
  if (process.platform === 'win32') return lockNamedPipe(dataDir);

  const dir = join(place, 'lock');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const reach = shortPathTo(dir);
  try {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const mine = await publish(dir, reach.path);
      const other = await findLiving(dir, reach.path, mine.name);
      if (other === undefined) return { release: () => withdraw(dir, mine) };
      await withdraw(dir, mine);
      if (performance.now() > giveUpAt) throw new DataDirInUseError(dataDir, Number.parseInt(other, 10));
      await sleep(20 + Math.random() * 130);
    }
  } finally {
    reach.forget();
  }
}

interface Published {
  name: string;
  server: Server;
}

async function publish(dir: string, reach: string): Promise<Published> {
  const name = `${String(process.pid)}-${randomBytes(6).toString('hex')}`;
  const server = await listen(join(reach, `${name}.new`));
  // Renamed only once it listens: a published socket that refuses a connection is a dead one, never a slow one.
  renameSync(join(dir, `${name}.new`), join(dir, `${name}.sock`));
  return { name: `${name}.sock`, server };
}

async function withdraw(dir: string, { name, server }: Published): Promise<void> {
  rmSync(join(dir, name), { force: true });
  await new Promise((closed) => server.close(closed));
}

async function findLiving(dir: string, reach: string, mine: string): Promise<string | undefined> {
  for (const name of readdirSync(dir)) {
    if (name === mine || !name.endsWith('.sock')) continue;
    if (await isListening(join(reach, name))) return name;
    rmSync(join(dir, name), { force: true });
  }
  return undefined;
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen(path, () => {
      resolve(server);
    });
  });
}

/** A socket's address holds about 100 bytes and no more, so a long path is reached through a short link. */
function shortPathTo(dir: string): { path: string; forget(): void } {
  if (Buffer.byteLength(dir) < 64) return { path: dir, forget: () => undefined };
  const links = mkdtempSync(join(tmpdir(), 'cf-'));
  symlinkSync(realpathSync(dir), join(links, 'l'));
  return {
    path: join(links, 'l'),
    forget: () => {
      rmSync(links, { recursive: true });
    },
  };
}

/** On Windows the name of a pipe is exclusive by itself and goes away with its process. */
async function lockNamedPipe(dataDir: string): Promise<DataDirLock> {
  const id = createHash('sha256').update(realpathSync(dataDir).toLowerCase()).digest('hex');
  try {
    const server = await listen(`\\\\.\\pipe\\causeflow-${id}`);
    return { release: () => new Promise((closed) => server.close(() => closed())) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new DataDirInUseError(dataDir);
    throw error;
  }
}
