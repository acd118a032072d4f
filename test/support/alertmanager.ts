import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { until } from './until.js';

/** A real Alertmanager that forwards every alert to one webhook at once. */
export class Alertmanager {
  private constructor(
    /** host:port */
    readonly address: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(program: string, webhookUrl: string): Promise<Alertmanager> {
    const folder = await mkdtemp(join(tmpdir(), 'causeflow-alertmanager-'));
    const file = join(folder, 'alertmanager.yml');
    // YAML understands JSON.
    const config = {
      route: {
        receiver: 'causeflow',
        group_by: ['alertname'],
        group_wait: '1s',
        group_interval: '1s',
        repeat_interval: '1h',
      },
      receivers: [{ name: 'causeflow', webhook_configs: [{ url: webhookUrl, send_resolved: true }] }],
    };
    await writeFile(file, JSON.stringify(config));
    const [port = 0] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const child = spawn(
      program,
      [
        `--config.file=${file}`,
        `--storage.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        // No cluster: it listens on no other port.
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    );
    await until('Alertmanager is ready', async () => (await fetch(`http://${address}/-/ready`)).ok);
    return new Alertmanager(address, child, folder);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    await rm(this.folder, { recursive: true });
  }
}
