import { execFile } from 'node:child_process';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { epochNow } from '../harness/clock.mjs';
import { queryOnce } from '../harness/database.mjs';
import { findProgram } from '../harness/processes.mjs';
import { compareWithPeer } from '../harness/rows.mjs';
import { StreamClients } from '../harness/stream-clients.mjs';

const MISSED = 10_000;
const EVENTS_PER_TRANSACTION = 500;

/** A client that reconnects after 10,000 missed events, against COPY of the same rows. */
export async function* resume({ product, writer, sender, runs }) {
  const { tenantId } = sender;
  await writer.publish(1);
  for (let published = 0; published < MISSED; published += EVENTS_PER_TRANSACTION)
    await writer.publish(EVENTS_PER_TRANSACTION);
  const [first] = await queryOnce(
    product.databaseUrl,
    'SELECT id, seq FROM events WHERE tenant_id = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1',
    [tenantId, MISSED],
    [tenantId],
  );
  const copy = findProgram('psql') ? copyByPsql : copyByDriver;
  yield await compareWithPeer({
    work: `resume of ${MISSED.toLocaleString('en')} missed events`,
    unit: 'events/s',
    runs,
    subject: {
      name: 'CauseFlow',
      measure: () => eventsPerSecond(() => resumeByStream(product.stream, first.id)),
    },
    peer: {
      name: copy === copyByPsql ? 'psql COPY' : 'COPY by the driver',
      measure: () => eventsPerSecond(() => copy(product.databaseUrl, tenantId, first.seq)),
    },
  });
}

async function eventsPerSecond(read) {
  return MISSED / ((await read()) / 1000);
}

async function resumeByStream({ url, path, headers }, lastEventId) {
  const client = new StreamClients();
  const received = client.received();
  await client.open({
    url,
    path,
    headers: `${headers}Last-Event-ID: ${lastEventId}\r\n`,
    clients: 1,
    events: MISSED,
  });
  const { begunAt, at } = await received;
  client.close();
  return at - begunAt;
}

const copyStatement = (tenantId, seq) =>
  `COPY (SELECT id, type, occurred_at, tenant_id, data FROM events
          WHERE tenant_id = '${tenantId}' AND seq > ${Number(seq)} ORDER BY seq) TO STDOUT`;

function copyByPsql(databaseUrl, tenantId, seq) {
  const startedAt = epochNow();
  return new Promise((resolve, reject) => {
    execFile(
      findProgram('psql'),
      ['--no-psqlrc', '--quiet', '--command', copyStatement(tenantId, seq), databaseUrl],
      { env: { ...process.env, PGOPTIONS: `-c app.tenant_ids=${tenantId}` }, maxBuffer: 2 ** 30 },
      (error, output) => {
        if (error) return reject(error);
        checkRows(output.trimEnd().split('\n').length);
        resolve(epochNow() - startedAt);
      },
    );
  });
}

async function copyByDriver(databaseUrl, tenantId, seq) {
  const startedAt = epochNow();
  const client = new pg.Client({
    connectionString: databaseUrl,
    options: `-c app.tenant_ids=${tenantId}`,
  });
  await client.connect();
  let rows = 0;
  for await (const chunk of client.query(copyTo(copyStatement(tenantId, seq)))) {
    for (const byte of chunk) if (byte === 10) rows += 1;
  }
  await client.end();
  checkRows(rows);
  return epochNow() - startedAt;
}

function checkRows(rows) {
  if (rows !== MISSED) throw new Error(`WRONG: ${rows} rows were copied instead of ${MISSED}`);
}
