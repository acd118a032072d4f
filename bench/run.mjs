// npm run bench [-- --quick] [-- --peers] [-- --json FILE] [-- --only alerts,streams] [-- --runs N] [-- --seconds N]
// See bench/README.md. Listens on the loopback only, is bounded, stops by itself, and fails only when a result is wrong.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startDatabases } from './harness/database.mjs';
import { profileInto, stopAll } from './harness/processes.mjs';
import { line, machine, rowsOf, versions } from './harness/report.mjs';
import { works } from './works.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    anyway: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
    only: { type: 'string' },
    runs: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const plan = {
  quick: options.quick,
  peers: options.peers,
  anyway: options.anyway,
  runs: Number(options.runs ?? (options.quick ? 2 : 7)),
  seconds: Number(options.seconds ?? (options.quick ? 0.6 : 3)),
};
/** Too long for a quick look. */
const LONG = ['cases'];
const all = Object.keys(works).filter((name) => !(plan.quick && LONG.includes(name)));
const wanted = options.only?.split(',') ?? all;

if (options.profile) profileInto(options.profile);

const databases = await startDatabases();
const rows = [];
const leave = async () => {
  await stopAll();
  await databases.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => leave().finally(() => process.exit(1)));

try {
  console.log(JSON.stringify({ machine: machine(), versions: versions(databases.version), ...plan }));
  for (const name of wanted) {
    for await (const row of works[name](databases, plan)) {
      console.log(typeof row === 'string' ? row : line(row));
      if (typeof row !== 'string') rows.push(row);
    }
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await leave();
}
if (options.json) {
  const report = { machine: machine(), versions: versions(databases.version), rows: rowsOf(rows) };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}
