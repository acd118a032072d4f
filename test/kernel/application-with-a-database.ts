import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const APPLICATION = `
  import { startEmbeddedPostgres } from ${JSON.stringify(new URL('../../dist/kernel/persistence/embedded-postgres.js', import.meta.url).href)};
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  const [dataDir, sharedDir] = process.argv.slice(1);
  const notices = [];
  try {
    const { url, stop } = await startEmbeddedPostgres({
      dataDir,
      sharedDir,
      onNotice: (line) => notices.push(line),
      onExit: (failure) => say({ ended: failure.message }),
    });
    process.on('SIGTERM', () => stop().then(() => process.exit(0)));
    process.on('SIGINT', () => say({ interrupted: true }));
    setInterval(() => {}, 1e6);
    say({ url, notices });
  } catch (error) {
    say({ error: error.message, name: error.name });
  }
`;

/** One line of its output. */
interface Message {
  url?: string;
  notices?: string[];
  ended?: string;
  interrupted?: boolean;
  error?: string;
  name?: string;
}

/** A process that uses the embedded database as the application does, and that a test can kill. */
export interface Application {
  child: ChildProcess;
  next: () => Promise<Message>;
}

/** Starts it in its own process group, as a shell does. */
export function startApplication(dataDir: string, sharedDir: string): Application {
  const child = spawn(process.execPath, ['--input-type=module', '-e', APPLICATION, dataDir, sharedDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse((await lines.next()).value as string) as Message };
}

export async function kill({ child }: Application): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The first column of the result. */
export async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}
