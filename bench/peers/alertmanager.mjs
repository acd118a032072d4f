import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, makeTempFolder, startProcess } from '../harness/processes.mjs';

/** Groups, waits and one inhibition as in the sample configuration of its documentation, with a receiver that does nothing. */
const CONFIGURATION = `
route:
  receiver: none
  group_by: [alertname, cluster, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
inhibit_rules:
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity="warning"']
    equal: [alertname, cluster, service]
receivers: [{ name: none }]
`;

/**
 * Alertmanager on one core, by CPU affinity and GOMAXPROCS. It keeps alerts in memory, checks no signature and flushes
 * nothing to disk. Each request is one new alert of the same size as ours, over the same number of connections.
 * @returns undefined if it is not installed
 */
export async function startAlertmanager() {
  const program = findProgram('prometheus-alertmanager') ?? findProgram('alertmanager');
  const taskset = findProgram('taskset');
  if (!program || !taskset) return undefined;
  const folder = makeTempFolder('alertmanager');
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
