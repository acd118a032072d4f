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

/** Long enough for another server to finish stopping, or for several concurrent starts to settle which one gets the lock. */
const LOCK_TIMEOUT_MS = 1500;

/**
 * One live process per directory. The lock is a listening Unix socket, because the kernel closes it however the process ends.
 * Unlike a pid file it does not outlive a `kill -9`, is not confused by a reused pid, and works between containers that share the
 * directory (which have separate pids and ports).
 *
 * Every contender publishes a socket under a unique name, then looks for others. Of two contenders the later one to publish sees the
 * earlier, so they never both find themselves alone. A contender that is not alone withdraws and tries again. Names are never reused, so
 * removing a dead socket cannot hit a live one.
 * @param location the directory of the sockets
 */
export async function lockDataDir(dataDir: string, location = dataDir): Promise<DataDirLock> {
  if (process.platform === 'win32') return lockNamedPipe(dataDir);

  const dir = join(location, 'lock');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const reach = shortPathTo(dir);
  try {
    const giveUpAt = performance.now() + LOCK_TIMEOUT_MS;
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
  // Renamed only once it listens: a published socket that refuses connections is dead, never slow.
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

/** A socket address holds about 100 bytes at most, so a long path is reached through a short symbolic link. */
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

/** On Windows the name of a pipe is exclusive and is released with its process. */
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
