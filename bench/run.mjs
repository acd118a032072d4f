// `npm run bench -- --help` lists the options; see bench/README.md.
// Listens on loopback only, takes bounded time, exits by itself, and fails only on wrong results.
import { writeFileSync } from 'node:fs';
import { startDatabases } from './harness/database.mjs';
import { profileInto, removeLogs, stopAll } from './harness/processes.mjs';
import { formatRow, jsonRows, machine, versions } from './harness/report.mjs';
import { benchmarks } from './benchmarks.mjs';
import { readOptions } from './options.mjs';

const options = readOptions(process.argv.slice(2), Object.keys(benchmarks));
if (options.help || options.error) {
  if (options.help) console.log(options.help);
  else console.error(options.error);
  removeLogs();
  process.exit(options.help ? 0 : 2);
}
const { selected, plan, json, profile } = options;
if (profile) profileInto(profile);

const databases = await startDatabases();
const rows = [];
const cleanUp = async () => {
  await stopAll();
  removeLogs();
  await databases.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));

console.log(JSON.stringify({ machine: machine(), versions: versions(databases.version), ...plan }));
for (const name of selected) {
  try {
    for await (const row of benchmarks[name](databases, plan)) {
      console.log(typeof row === 'string' ? row : formatRow(row));
      if (typeof row !== 'string') rows.push(row);
    }
  } catch (error) {
    // The other benchmarks do not depend on this one.
    console.error(error);
    process.exitCode = 1;
    await stopAll();
  }
}
await cleanUp();
if (json) {
  const report = { machine: machine(), versions: versions(databases.version), rows: jsonRows(rows) };
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}
