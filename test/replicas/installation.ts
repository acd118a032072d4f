import { setTimeout as pause } from 'node:timers/promises';
import { sql, type TestDatabase } from '../support/database.js';
import { type Options, TestServer } from '../support/server.js';
import { CrashablePostgres } from './crashable-postgres.js';
import { hasNatsServer, NatsCluster } from './nats-cluster.js';

const ROLES = ['all', 'api', 'worker'] as const;

/** Three replicas, of which two serve requests and two do background work, with a PostgreSQL and a NATS of their own, to be broken. */
export class Installation {
  /** Those that serve requests; each keeps its place when it is restarted on another port. */
  readonly endpoints: { url: string }[] = [];
  private readonly replicas: TestServer[] = [];
  /** With those that were killed. */
  private readonly started: TestServer[] = [];

  private constructor(
    readonly postgres: CrashablePostgres,
    readonly nats: NatsCluster | undefined,
  ) {}

  static async start(): Promise<Installation> {
    const postgres = await CrashablePostgres.start();
    const nats = hasNatsServer ? await NatsCluster.start({ size: 1 }) : undefined;
    const made = new Installation(postgres, nats);
    for (const n of ROLES.keys()) await made.startReplica(n);
    return made;
  }

  get size(): number {
    return ROLES.length;
  }

  /** PostgreSQL without the proxy. */
  get database(): TestDatabase {
    return this.postgres.database;
  }

  /** The errors in the logs of its processes, and what is no line of a log. */
  get complaints(): string[] {
    return this.started
      .flatMap(({ log }) => log.split('\n'))
      .filter((line) => line.includes('"level":"error"') || !/^(\{|$)/.test(line));
  }

  signal(n: number, name: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.replica(n).pid, name);
  }

  async killReplica(n: number): Promise<void> {
    await this.replica(n).kill();
  }

  async stopReplica(n: number): Promise<void> {
    await this.replica(n).stop();
  }

  /** Tries until its database is reachable. */
  async startReplica(n: number): Promise<void> {
    const url = new URL(this.postgres.proxied.url);
    // The default is about a minute.
    url.searchParams.set('query_timeout', '3000');
    const role = ROLES[n] ?? 'all';
    const env = { ROLE: role, ...(this.nats && { NATS_URL: this.nats.url }) };
    const options: Options = { database: { name: '', url: url.href }, env };
    let started: TestServer | undefined;
    while (!started)
      started = await TestServer.start(options).catch(async () => {
        await pause(100);
        return undefined;
      });
    this.replicas[n] = started;
    this.started.push(started);
    if (role === 'worker') return;
    const endpoint = this.endpoints[n];
    if (endpoint) endpoint.url = started.url;
    else this.endpoints[n] = { url: started.url };
  }

  /** Kills the process of one connection, after which PostgreSQL ends all of them and recovers. */
  async crashBackend(): Promise<void> {
    const [backend] = await sql<{ pid: number }>(
      this.database.url,
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'causeflow' ORDER BY backend_start LIMIT 1`,
    );
    if (backend) process.kill(backend.pid, 'SIGKILL');
  }

  /** Ends the connections of this name, or all. */
  async endConnections(name: string): Promise<void> {
    await sql(
      this.database.url,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1 AND pid <> pg_backend_pid()',
      [name],
    );
  }

  /** The replicas that ended by themselves. */
  get ended(): string[] {
    return this.replicas.flatMap(({ hasEnded, log }, n) =>
      hasEnded ? [`replica ${n} has ended: ${log.slice(-2_000)}`] : [],
    );
  }

  async stop(): Promise<void> {
    for (const replica of this.replicas) await replica.kill();
    await this.nats?.stop();
    await this.postgres.stop();
  }

  private replica(n: number): TestServer {
    const replica = this.replicas[n];
    if (!replica) throw new Error(`There is no replica ${n}`);
    return replica;
  }
}
