import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts } from './free-ports.js';
import { until } from './until.js';

/** The path of a program, or undefined when it is not on the PATH. */
export function programOnPath(name: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Alerting {
  /** In the format of a rule file. */
  readonly rules: readonly object[];
  /** host:port */
  readonly alertmanager: string;
}

/** A real Prometheus, scraping every second. */
export class Prometheus {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param targets host:port by job */
  static async start(
    program: string,
    targets: Readonly<Record<string, string>>,
    alerting?: Alerting,
  ): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'causeflow-prometheus-'));
    const jobs = Object.entries(targets).map(([job, target]) => ({
      job_name: job,
      static_configs: [{ targets: [target] }],
    }));
    // YAML understands JSON.
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      scrape_configs: jobs,
      ...(alerting && {
        rule_files: ['rules.yml'],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [alerting.alertmanager] }] }] },
      }),
    };
    const rules = { groups: [{ name: 'lab', rules: alerting?.rules ?? [] }] };
    await writeFile(join(folder, 'rules.yml'), JSON.stringify(rules));
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const [port = 0] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const child = spawn(
      program,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: 'ignore' },
    );
    const url = `http://${address}`;
    await until('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok);
    return new Prometheus(url, child, folder);
  }

  /** The values of a range selector's series, such as those of `up[1m]`. */
  async values(query: string): Promise<number[]> {
    const answer = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } };
    return data.result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    await rm(this.folder, { recursive: true });
  }
}
