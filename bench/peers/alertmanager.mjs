import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, makeFolder, startProcess } from '../harness/processes.mjs';

/** Groups, waits and one inhibition, as the sample configuration of its documentation has them; nobody is notified. */
const CONFIGURATION = `
route:
  receiver: nobody
  group_by: [alertname, cluster, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
inhibit_rules:
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity="warning"']
    equal: [alertname, cluster, service]
receivers: [{ name: nobody }]
`;

/**
 * Alertmanager on one core, by affinity and by GOMAXPROCS. It keeps alerts in memory, checks no signature and flushes
 * nothing; each post is one new alert of as many bytes as ours, over as many connections.
 * @returns undefined where it is not installed
 */
export async function startAlertmanager() {
  const program = findProgram('prometheus-alertmanager') ?? findProgram('alertmanager');
  const taskset = findProgram('taskset');
  if (!program || !taskset) return undefined;
  const folder = makeFolder('alertmanager');
  const port = await freePort();
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(config, CONFIGURATION);
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
