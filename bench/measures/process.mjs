import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { against } from '../harness/alternate.mjs';
import { cpuSeconds, residentKiB } from '../harness/footprint.mjs';
import { startProduct } from '../harness/processes.mjs';

const REST_MS = 3_000;
const WATCH_MS = 8_000;

/** How `npm start` does from its second time on, and what it takes while nobody asks anything of it. */
export async function* idleness({ runs, quick }) {
  const watch = quick ? WATCH_MS / 2 : WATCH_MS;
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-bench-start-'));
  const start = () => startProduct(undefined, { DATA_DIR: dataDir });
  await (await start()).stop();
  let server;
  yield await against({
    work: 'start to ready, second start, with the embedded PostgreSQL',
    unit: 's',
    runs,
    subject: {
      name: 'CauseFlow',
      measure: async () => {
        await server?.stop();
        server = await start();
        return server.readyMs / 1000;
      },
    },
    limit: 3,
  });
  await sleep(REST_MS);
  const before = cpuSeconds(server.pid);
  await sleep(watch);
  const share = ((cpuSeconds(server.pid) - before) / (watch / 1000)) * 100;
  const name = 'CauseFlow';
  const resident = residentKiB(server.pid) / 1024;
  yield await against({
    ...{ work: 'idle: resident memory', unit: 'MiB', runs: 1, limit: 190 },
    subject: { name, measure: async () => resident },
  });
  yield await against({
    ...{ work: 'idle: CPU', unit: '%', runs: 1, limit: 1 },
    subject: { name, measure: async () => share },
  });
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
