import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, residentKiB } from '../harness/footprint.mjs';
import { startProduct } from '../harness/processes.mjs';
import { compareWithLimit, repeat } from '../harness/rows.mjs';

const SETTLE_MS = 3_000;
const WATCH_MS = 8_000;

/** Start time of `npm start` when its database exists, then memory and CPU without any request. */
export async function* idleCosts({ runs, quick }) {
  const watchMs = quick ? WATCH_MS / 2 : WATCH_MS;
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-bench-start-'));
  const start = () => startProduct(undefined, { DATA_DIR: dataDir });
  let server = await start();
  const restart = async () => {
    await server.stop();
    server = await start();
    return server.readyMs / 1000;
  };
  const subject = 'CauseFlow';
  yield compareWithLimit({
    work: 'start to ready, second start, with the embedded PostgreSQL',
    unit: 's',
    subject,
    values: await repeat(runs, restart),
    limit: 3,
  });
  await sleep(SETTLE_MS);
  const before = cpuSeconds(server.pid);
  await sleep(watchMs);
  const cpuPercent = ((cpuSeconds(server.pid) - before) / (watchMs / 1000)) * 100;
  const residentMiB = residentKiB(server.pid) / 1024;
  yield compareWithLimit({
    work: 'idle: resident memory',
    unit: 'MiB',
    subject,
    values: [residentMiB],
    limit: 190,
  });
  yield compareWithLimit({ work: 'idle: CPU', unit: '%', subject, values: [cpuPercent], limit: 1 });
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
