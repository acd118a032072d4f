import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, makeFolder, startProcess } from '../harness/processes.mjs';

/** Alertmanager on one core. It keeps alerts in memory and checks no signature. @returns undefined where it is not installed */
export async function startAlertmanager() {
  const program = findProgram('prometheus-alertmanager') ?? findProgram('alertmanager');
  const taskset = findProgram('taskset');
  if (!program || !taskset) return undefined;
  const folder = makeFolder('alertmanager');
  const port = await freePort();
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(config, 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const server = await startProcess(
    taskset,
    [
      ...['--cpu-list', '0', program, `--config.file=${config}`, `--storage.path=${folder}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=', '--log.level=error'],
    ],
    { port, env: { GOMAXPROCS: '1' } },
  );
  return { name: 'Alertmanager (1 core)', ...server, kind: 'alertmanager', expect: [200], senders: [] };
}
