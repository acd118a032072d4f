import { expect, it } from '@jest/globals';
import { ALERT, ended, minutesAgo, openQuietIncident, recordDeploy, start } from '../investigation/cases.js';
import { AlertSender, newTenant } from '../support/api.js';
import { emptyDatabase, removeDatabase, sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** What an administrator may have set for a database or a user, for other programs or by habit. */
const SETTINGS = {
  bytea_output: 'escape',
  datestyle: 'SQL, DMY',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '0',
  idle_in_transaction_session_timeout: '1ms',
  intervalstyle: 'sql_standard',
  lock_timeout: '1ms',
  quote_all_identifiers: 'on',
  row_security: 'off',
  standard_conforming_strings: 'off',
  statement_timeout: '1ms',
  timezone: 'Pacific/Auckland',
};

it('the defaults of the database for its sessions change nothing, from the first migration to the end of an investigation', async () => {
  const database = await emptyDatabase();
  const settings = Object.entries(SETTINGS).map(
    ([name, value]) => `ALTER DATABASE ${database.name} SET ${name} = '${value}'`,
  );
  await sql(database.url, settings.join(';'));
  const unlimited = encodeURIComponent('-c statement_timeout=0 -c lock_timeout=0');
  const ask = (text: string): Promise<unknown[]> => sql(`${database.url}?options=${unlimited}`, text);
  const server = await TestServer.start({ database });
  try {
    const tenant = await newTenant(server.url);
    const sender = await AlertSender.of(tenant);
    const alerts = Array.from({ length: 20 }, (_, n) => ({
      ...{ title: `Back\\slash 'n' ${n}`, description: 'x', severity: n < 5 ? 'critical' : 'info' },
    }));
    const answers = await Promise.all(alerts.map((alert) => sender.send(alert)));
    expect(answers.map(({ status }) => status)).toEqual(alerts.map(() => 202));
    await until('all are triaged, and investigated', async () => {
      const incidents = await tenant.api.all<{ status: string }>('/v1/incidents?limit=100');
      return incidents.length === 20 && incidents.every(({ status }) => status === 'open');
    });
    await recordDeploy(tenant, 'v42', 10.5);
    const incidentId = await openQuietIncident(tenant);
    const content = Array.from({ length: 60 }, (_, at) => ({
      timestamp: minutesAgo(60 - at),
      entity: ALERT.service,
      ...(at < 52
        ? { level: 'info', message: 'login' }
        : { level: 'error', message: 'connection pool exhausted' }),
    }));
    await tenant.api.post(`/v1/incidents/${incidentId}/evidence`, { type: 'log', source: 'loki', content });
    await start(tenant, incidentId);
    const { confidence } = await ended(tenant, incidentId);
    const { body: replay } = await tenant.api.get(`/v1/investigation/${incidentId}/replay`);
    expect(replay).toMatchObject({ isSame: true, recorded: { confidence } });
    const chores = ['drop-old-events', 'ensure-event-partitions', 'forget-idle-queues', 'purge-expired'];
    for (const chore of chores) await ask(`SELECT graphile_worker.add_job('${chore}')`);
    const due = `SELECT FROM graphile_worker.jobs WHERE task_identifier = ANY ('{${chores.join()}}')`;
    await until('the chores are done', async () => (await ask(due)).length === 0);
    expect(server.log).not.toMatch(/"level":"(warn|error)"/);
  } finally {
    await server.stop();
    await removeDatabase(database);
  }
});
