// npm run bench -- --help tells what it takes. See bench/README.md.
// Listens on the loopback only, is bounded, stops by itself, and fails only when a result is wrong.
import { writeFileSync } from 'node:fs';
import { startDatabases } from './harness/database.mjs';
import { profileInto, removeLogs, stopAll } from './harness/processes.mjs';
import { line, machine, rowsOf, versions } from './harness/report.mjs';
import { readOptions } from './options.mjs';
import { works } from './works.mjs';

const { help, fault, wanted, plan, json, profile } = readOptions(process.argv.slice(2), Object.keys(works));
if (help || fault) {
  console[help ? 'log' : 'error'](help ?? fault);
  removeLogs();
  process.exit(help ? 0 : 2);
}
if (profile) profileInto(profile);

const databases = await startDatabases();
const rows = [];
const leave = async () => {
  await stopAll();
  removeLogs();
  await databases.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => leave().finally(() => process.exit(1)));

console.log(JSON.stringify({ machine: machine(), versions: versions(databases.version), ...plan }));
for (const name of wanted) {
  try {
    for await (const row of works[name](databases, plan)) {
      console.log(typeof row === 'string' ? row : line(row));
      if (typeof row !== 'string') rows.push(row);
    }
  } catch (error) {
    // What else is measured does not depend on it.
    console.error(error);
    process.exitCode = 1;
    await stopAll();
  }
}
await leave();
if (json) {
  const report = { machine: machine(), versions: versions(databases.version), rows: rowsOf(rows) };
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}
