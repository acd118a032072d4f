import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cloneDatabase, dropDatabase, type TestDatabase } from './database.js';

export interface Options {
  /** On top of what every test server gets; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Another replica over the same database. */
  readonly database?: TestDatabase;
  /** Instead of `dist/main.js`: a script that starts the server with extensions. */
  readonly main?: string;
  /** Instead of this checkout. */
  readonly cwd?: string;
  /** Instead of whoever runs the tests; only root may choose. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Made at run time, the same for all servers of one test process so that replicas understand each other. */
export const SECRETS = {
  JWT_SECRET: randomBytes(32).toString('base64url'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
};

/** The real server in a process of its own, over a database of its own. */
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
        // Tests knock from one address and in bursts; the limits have tests of their own.
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
        const ready = /CauseFlow is ready on (http:\S+)/.exec(output.join(''));
        if (ready?.[1]) resolve(ready[1]);
      });
      child.once('exit', (code) => {
        reject(new Error(`The server ended with ${String(code)} before it was ready:\n${output.join('')}`));
      });
    });
    return new TestServer(url, own, child, output, database === undefined);
  }

  /** Everything it wrote so far: JSON log lines among a few for people. */
  get log(): string {
    return this.output.join('');
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it as an operator would. @returns its exit code */
  async stop(): Promise<number | null> {
    const code = await this.end('SIGTERM');
    if (this.ownsDatabase) await dropDatabase(process.env['TEST_SERVER_URL'] ?? '', this.database.name);
    return code;
  }

  /** Ends it as a power cut would. Its database stays, for the server that comes after. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return this.child.exitCode;
  }
}
