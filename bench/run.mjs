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
let stopping;
const stop = () => (stopping ??= stopAll().then(removeLogs).then(databases.stop));
const abort = () => stop().finally(() => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, abort);
// The reader of a pipe has closed it, as `head` does.
process.stdout.on('error', abort);
// Such as a repeated frame, which a stream's event handler detects.
process.on('uncaughtException', (error) => {
  console.error(error);
  abort();
});

console.log(JSON.stringify({ machine: machine(), versions: versions(databases.version), ...plan }));
for (const name of selected) {
  if (stopping) break;
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
await stop();
if (json) {
  const report = { machine: machine(), versions: versions(databases.version), rows: jsonRows(rows) };
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}
