import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { freePorts } from '../support/free-ports.js';
import { until } from '../support/until.js';

export const hasNatsServer = spawnSync('nats-server', ['--version']).status === 0;

/** For an answer of JetStream: a cluster that shares a crowded machine elects its leaders slowly. */
const PATIENCE_MS = 20_000;

/** A JetStream cluster on loopback: one process of Debian's `nats-server` per node. */
export class NatsCluster {
  private readonly dir: string;
  private readonly nodes: ChildProcess[] = [];
  private connection: NatsConnection | undefined;

  private constructor(
    private readonly ports: readonly number[],
    private readonly routes: readonly number[],
    disk: string,
  ) {
    this.dir = mkdtempSync(join(disk, 'causeflow-nats-'));
  }

  /** @param disk the directory for the storage of the nodes */
  static async start({ size = 3, disk = tmpdir() } = {}): Promise<NatsCluster> {
    const free = await freePorts(size * 2);
    const cluster = new NatsCluster(free.slice(0, size), free.slice(size), disk);
    for (let n = 0; n < size; n++) cluster.startNode(n);
    // Asked again and again: what is asked before there is a leader is never answered.
    await until('the cluster has a leader', async () => (await cluster.manager(500)).getAccountInfo());
    return cluster;
  }

  get size(): number {
    return this.ports.length;
  }

  /** A value for NATS_URL. */
  get url(): string {
    return this.ports.map((port) => `nats://127.0.0.1:${port}`).join(',');
  }

  portOf(node: number): number {
    return this.ports[node] as number;
  }

  startNode(n: number): void {
    const name = `n${n}`;
    const args = [
      ...['-a', '127.0.0.1', '-p', String(this.ports[n]), '-n', name, '-js', '-sd', join(this.dir, name)],
      ...(this.size > 1
        ? [
            ...['-cluster', `nats://127.0.0.1:${this.routes[n]}`, '-cluster_name', 'test'],
            ...['-routes', this.routes.map((port) => `nats://127.0.0.1:${port}`).join(',')],
          ]
        : []),
    ];
    this.nodes[n] = spawn('nats-server', args, { stdio: 'ignore' });
  }

  /** Kills a node without a shutdown, as a power cut would. */
  async kill(n: number): Promise<void> {
    const node = this.nodes[n];
    if (!node || node.exitCode !== null || node.signalCode !== null) return;
    const exited = once(node, 'exit');
    node.kill('SIGKILL');
    await exited;
  }

  signal(n: number, name: 'SIGSTOP' | 'SIGCONT'): void {
    this.nodes[n]?.kill(name);
  }

  /** Kills a node and deletes its storage, as when a container without a volume is replaced. */
  async loseStorage(n: number): Promise<void> {
    await this.kill(n);
    rmSync(join(this.dir, `n${n}`), { recursive: true, force: true });
  }

  async restart(): Promise<void> {
    await Promise.all(this.nodes.map((_, n) => this.kill(n)));
    for (let n = 0; n < this.size; n++) this.startNode(n);
  }

  async manager(timeout = PATIENCE_MS): Promise<JetStreamManager> {
    this.connection ??= await connect({ servers: this.url.split(','), maxReconnectAttempts: -1 });
    return jetstreamManager(this.connection, { timeout });
  }

  async stop(): Promise<void> {
    await this.connection?.close();
    await Promise.all(this.nodes.map((_, n) => this.kill(n)));
    rmSync(this.dir, { recursive: true, force: true });
  }
}
