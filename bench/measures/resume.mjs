import { execFile } from 'node:child_process';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { alternate } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { findProgram } from '../harness/processes.mjs';
import { now, Readers } from '../harness/streams.mjs';

const MISSED = 10_000;
const A_TRANSACTION = 500;

/** A reader that comes back after 10 000 events, against a program that copies the same rows out of the table. */
export async function* resume({ product, writer, sender, runs }) {
  const { tenantId } = sender;
  await writer.publish(1);
  for (let written = 0; written < MISSED; written += A_TRANSACTION) await writer.publish(A_TRANSACTION);
  const [first] = await atOnce(
    product.databaseUrl,
    'SELECT id, seq FROM events WHERE tenant_id = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1',
    [tenantId, MISSED],
    [tenantId],
  );
  const copy = findProgram('psql') ? copyByPsql : copyByDriver;
  yield await alternate({
    work: `resume of ${MISSED.toLocaleString('en')} missed events`,
    unit: 'events/s',
    runs,
    subject: { name: 'CauseFlow', measure: () => eventsASecond(() => resumed(product.stream, first.id)) },
    peer: {
      name: copy === copyByPsql ? 'psql COPY' : 'COPY by the driver',
      measure: () => eventsASecond(() => copy(product.databaseUrl, tenantId, first.seq)),
    },
  });
}

async function eventsASecond(work) {
  return MISSED / ((await work()) / 1000);
}

async function resumed({ url, path, headers }, lastEventId) {
  const readers = new Readers();
  const received = readers.received();
  await readers.open({
    url,
    path,
    headers: `${headers}Last-Event-ID: ${lastEventId}\r\n`,
    clients: 1,
    events: MISSED,
  });
  const { begunAt, at } = await received;
  readers.close();
  return at - begunAt;
}

const select = (tenantId, seq) =>
  `COPY (SELECT id, type, occurred_at, tenant_id, data FROM events
          WHERE tenant_id = '${tenantId}' AND seq > ${Number(seq)} ORDER BY seq) TO STDOUT`;

function copyByPsql(databaseUrl, tenantId, seq) {
  const begun = now();
  return new Promise((resolve, reject) => {
    execFile(
      findProgram('psql'),
      ['--no-psqlrc', '--quiet', '--command', select(tenantId, seq), databaseUrl],
      { env: { ...process.env, PGOPTIONS: `-c app.tenant_ids=${tenantId}` }, maxBuffer: 2 ** 30 },
      (error, output) => {
        if (error) return reject(error);
        checkRows(output.trimEnd().split('\n').length);
        resolve(now() - begun);
      },
    );
  });
}

async function copyByDriver(databaseUrl, tenantId, seq) {
  const begun = now();
  const client = new pg.Client({
    connectionString: databaseUrl,
    options: `-c app.tenant_ids=${tenantId}`,
  });
  await client.connect();
  let rows = 0;
  for await (const chunk of client.query(copyTo(select(tenantId, seq)))) {
    for (const byte of chunk) if (byte === 10) rows += 1;
  }
  await client.end();
  checkRows(rows);
  return now() - begun;
}

function checkRows(rows) {
  if (rows !== MISSED) throw new Error(`WRONG: ${rows} rows were copied instead of ${MISSED}`);
}
