import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cloneDatabase, removeDatabase, type TestDatabase } from './database.js';

export interface Options {
  /** In addition to the defaults of test servers; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Another replica with the same database. */
  readonly database?: TestDatabase;
  /** Instead of `dist/main.js`: a script that starts the server with extensions. */
  readonly main?: string;
  /** Instead of this checkout. */
  readonly cwd?: string;
  /** Instead of the user of the test run; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Generated once per test process, so that replicas share their secrets. */
export const SECRETS = {
  JWT_SECRET: randomBytes(32).toString('base64url'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
};

/** The real server in its own process, with its own database. */
export class TestServer {
  private constructor(
    readonly url: string,
    readonly database: TestDatabase,
    private readonly child: ChildProcess,
    private readonly output: string[],
    private readonly ownsDatabase: boolean,
  ) {}

  static async start({
    env = {},
    database,
    main = 'dist/main.js',
    cwd = CHECKOUT,
    user,
  }: Options = {}): Promise<TestServer> {
    const own = database ?? (await cloneDatabase());
    const child = spawn(process.execPath, [main], {
      cwd,
      ...user,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        HOST: '127.0.0.1',
        DATABASE_URL: own.url,
        DATABASE_POOL_SIZE: '8',
        SIGNUP_ENABLED: 'true',
        OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8',
        // Tests send bursts from one address; the limits have their own tests.
        RATE_LIMIT_ANONYMOUS_PER_MINUTE: '0',
        RATE_LIMIT_PRO_PER_MINUTE: '0',
        ...SECRETS,
        ...env,
      },
    });
    const output: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => output.push(String(chunk)));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output.push(String(chunk));
        const ready = /CauseFlow is ready on (http:\S+)\s/.exec(output.join(''));
        if (ready?.[1]) resolve(ready[1]);
      });
      // Comes after the last of its output, unlike `exit`.
      child.once('close', (code) => {
        reject(new Error(`The server ended with ${String(code)} before it was ready:\n${output.join('')}`));
      });
    }).catch(async (error: unknown) => {
      if (!database) await removeDatabase(own);
      throw error;
    });
    return new TestServer(url, own, child, output, database === undefined);
  }

  /** The whole lines of its output so far: JSON log lines, and a few for people. */
  get log(): string {
    const output = this.output.join('');
    return output.slice(0, output.lastIndexOf('\n') + 1);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Stops it gracefully, with SIGTERM. @returns its exit code */
  async stop(): Promise<number | null> {
    const code = await this.end('SIGTERM');
    if (this.ownsDatabase) await removeDatabase(this.database);
    return code;
  }

  /** Kills it, as a power cut would. Its database stays, for the next server. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.hasEnded) return this.child.exitCode;
    const closed = once(this.child, 'close');
    this.child.kill(signal);
    await closed;
    return this.child.exitCode;
  }
}
