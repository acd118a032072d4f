import { setTimeout as pause } from 'node:timers/promises';
import { HookReceiver } from '../notifications/hook-receiver.js';
import { publishedIds } from '../notifications/log-writer.js';
import { subscribe } from '../notifications/subscriber.js';
import { sql, type TestDatabase } from '../support/database.js';
import { pick } from '../support/random.js';
import { until } from '../support/until.js';
import type { Installation } from './installation.js';
import { newWorkload, ReconnectingReader, type Workload } from './traffic.js';

const SENDERS = 3;
/** More would only add to what is left to do in the end. */
const MAX_MS_BETWEEN_ALERTS = 300;
/** Of all alerts; these are investigated. */
const SEVERE_SHARE = 0.05;

/** A tenant under load: alerts are sent, repeated and sent twice at once, while its events are streamed, sent to a webhook and fire a trigger. */
export class Story {
  /** How often something was sent, with or without an answer. */
  attempts = 0;
  /** Incident ids of accepted alerts, by their own id. */
  readonly accepted = new Map<string, string>();
  /** Answers that no sender should get. */
  readonly surprises: string[] = [];
  private isOver = false;
  private readonly work: Promise<void>[] = [];

  private constructor(
    private readonly at: Installation,
    private readonly workload: Workload,
    private readonly receiver: HookReceiver,
    private readonly readers: Readonly<Record<string, ReconnectingReader>>,
    private readonly random: () => number,
  ) {}

  static async begin(at: Installation, random: () => number): Promise<Story> {
    const url = at.endpoints[0]?.url ?? '';
    const workload = await newWorkload(url);
    const { tenant } = workload;
    const receiver = await HookReceiver.start();
    await subscribe(tenant, receiver.url(), { events: ['incident.*'] });
    const rule = { name: 'notes', on: { event: 'incident.created' }, action: 'notify' };
    const { status } = await tenant.api.post('/v1/triggers', rule);
    if (status !== 201) throw new Error(`The trigger was answered ${status}`);
    const readers = {
      '*': new ReconnectingReader(at.endpoints, tenant, 0),
      'incident.*': new ReconnectingReader(at.endpoints, tenant, 1, 'incident.*'),
    };
    const story = new Story(at, workload, receiver, readers, random);
    for (let n = 0; n < SENDERS; n++) story.work.push(story.send(n));
    story.work.push(story.disconnectReaders());
    return story;
  }

  get tenantId(): string {
    return this.workload.tenant.tenantId;
  }

  /** Stops sending. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.work);
  }

  async close(): Promise<void> {
    await this.end();
    await Promise.all(Object.values(this.readers).map((reader) => reader.close()));
    await this.receiver.stop();
  }

  private async send(sender: number): Promise<void> {
    for (let n = 0; !this.isOver; n++) {
      const sourceAlertId = `alert-${sender}-${n}`;
      const severity = this.random() < SEVERE_SHARE ? 'critical' : 'info';
      const copies = this.random() < 0.1 ? 2 : 1;
      await Promise.all(
        Array.from({ length: copies }, async () => {
          while (!(await this.attempt(sourceAlertId, severity))) await pause(20);
        }),
      );
      const [earlier] = this.accepted.keys();
      if (earlier !== undefined && this.random() < 0.05) await this.attempt(earlier, 'info');
      await pause(this.random() * MAX_MS_BETWEEN_ALERTS);
    }
  }

  /** @returns whether the alert is known to be stored */
  private async attempt(sourceAlertId: string, severity: string): Promise<boolean> {
    const { url } = pick(this.at.endpoints, this.random);
    const alert = { title: `Alert ${sourceAlertId}`, description: 'x', severity, sourceAlertId };
    const answer = await this.workload.sender
      .on(url)
      .send(alert)
      .catch(() => undefined);
    this.attempts += 1;
    if (!answer || answer.status === 503) return false;
    const { status, body } = answer;
    const incidentId = body['incidentId'] ?? '';
    const before = this.accepted.get(sourceAlertId);
    if (status !== 202 && status !== 409)
      this.surprises.push(`${sourceAlertId} was answered ${status}: ${JSON.stringify(body)}`);
    else if (before !== undefined && before !== incidentId)
      this.surprises.push(`${sourceAlertId} opened ${before} and ${incidentId}`);
    else this.accepted.set(sourceAlertId, incidentId);
    return status === 202 || status === 409;
  }

  private async disconnectReaders(): Promise<void> {
    while (!this.isOver) {
      await pause(200 + this.random() * 2_000);
      pick(Object.values(this.readers), this.random).disconnect();
    }
  }

  /** Waits until nothing is left to do, and checks all that is promised. @returns what does not hold */
  async findViolations(seconds: number): Promise<string[]> {
    const { database } = this.at;
    await this.untilSettled(database, seconds);
    return [
      ...this.surprises,
      ...(await this.violationsInTables(database)),
      ...(await this.violationsOfReaders(database)),
      ...(await this.violationsOfWebhooks(database, seconds)),
    ].map((violation) => `${this.tenantId}: ${violation}`);
  }

  private rows<Row extends object>(database: TestDatabase, text: string): Promise<Row[]> {
    return sql<Row>(database.url, text, [this.tenantId], this.tenantId);
  }

  private async untilSettled(database: TestDatabase, seconds: number): Promise<void> {
    let left: object = {};
    await until(
      'nothing is left to do',
      async () => {
        [left = {}] = await this.rows<{ none: boolean }>(database, LEFT_TO_DO);
        return (left as { none: boolean }).none;
      },
      seconds,
    ).catch((error: unknown) => {
      throw new Error(`${this.tenantId} does not settle: ${JSON.stringify(left)}`, { cause: error });
    });
  }

  private async violationsInTables(database: TestDatabase): Promise<string[]> {
    const [log] = await this.rows<{ events: number; last: number; counter: number }>(database, LOG);
    const violations: string[] = [];
    if (!log || log.events !== log.counter || log.last !== log.counter)
      violations.push(`the log has gaps: ${JSON.stringify(log)}`);
    const incidents = await this.rows<Facts>(database, FACTS);
    const stored = new Map(incidents.map((each) => [each.alert, each]));
    for (const [alert, incidentId] of this.accepted)
      if (stored.get(alert)?.incident !== incidentId)
        violations.push(`${alert} should be ${incidentId}: ${JSON.stringify(stored.get(alert))}`);
    if (incidents.length !== this.accepted.size)
      violations.push(`there are ${incidents.length} incidents of ${this.accepted.size} alerts`);
    for (const { alert, incident, ...counts } of incidents)
      if (!isSound(counts)) violations.push(`${alert} ${incident} has ${JSON.stringify(counts)}`);
    return violations;
  }

  private async violationsOfReaders(database: TestDatabase): Promise<string[]> {
    const violations: string[] = [];
    for (const [events, reader] of Object.entries(this.readers)) {
      const published = await publishedIds(
        database,
        this.tenantId,
        events === '*' ? undefined : INCIDENT_EVENTS,
      );
      await until(`the reader of ${events} has all`, () => reader.ids.length >= published.length);
      if (reader.ids.join() !== published.join())
        violations.push(
          `the reader of ${events} got ${reader.ids.length} of ${published.length}, or in another order`,
        );
    }
    return violations;
  }

  private async violationsOfWebhooks(database: TestDatabase, seconds: number): Promise<string[]> {
    const published = await publishedIds(database, this.tenantId, INCIDENT_EVENTS);
    await until(
      'the webhooks have arrived',
      () => this.receiver.firsts().length >= published.length,
      seconds,
    );
    return this.receiver.firsts().join() === published.join()
      ? []
      : ['webhooks are missing, or were first sent in another order'];
  }
}

const INCIDENT_EVENTS = ['incident.created', 'incident.status_changed'];

const LEFT_TO_DO = `
  SELECT *, relayed AND owed = 0 AND jobs = 0 AND runs = 0 AND moving = 0 AS none FROM (SELECT
    (SELECT seq = relayed FROM event_stream WHERE tenant_id = $1) AS relayed,
    (SELECT count(*)::int FROM owed_events WHERE tenant_id = $1) AS owed,
    (SELECT count(*)::int FROM graphile_worker._private_jobs WHERE payload->>'tenantId' = $1) AS jobs,
    (SELECT count(*)::int FROM investigations WHERE tenant_id = $1 AND status IN ('queued', 'running')) AS runs,
    (SELECT count(*)::int FROM incidents WHERE tenant_id = $1 AND status IN ('triaging', 'investigating')) AS moving) AS work`;

const LOG = `
  SELECT count(*)::int AS events, max(e.seq)::int AS last, max(s.seq)::int AS counter
    FROM events e JOIN event_stream s USING (tenant_id) WHERE tenant_id = $1`;

/** How often each thing happened to an incident. */
interface Facts {
  readonly alert: string;
  readonly incident: string;
  readonly created: number;
  readonly sent: number;
  readonly triaged: number;
  readonly fired: number;
  readonly ended: number;
  readonly runs: number;
  readonly completed: number;
  readonly failed: number;
}

const FACTS = `
  SELECT a.source_alert_id AS alert, a.incident_id AS incident, e.*, r.*
    FROM alerts a JOIN incidents i USING (tenant_id, incident_id)
   CROSS JOIN LATERAL (SELECT
     count(*) FILTER (WHERE type = 'incident.created')::int AS created,
     count(*) FILTER (WHERE type = 'incident.status_changed' AND data->>'newStatus' = 'triaging')::int AS sent,
     count(*) FILTER (WHERE type = 'incident.status_changed' AND data->>'previousStatus' = 'triaging')::int AS triaged,
     count(*) FILTER (WHERE type = 'trigger.event_received')::int AS fired,
     count(*) FILTER (WHERE type = 'incident.status_changed' AND data->>'previousStatus' = 'investigating')::int AS ended,
     count(*) FILTER (WHERE type = 'investigation.completed')::int AS completed
       FROM events WHERE tenant_id = a.tenant_id AND incident_id = a.incident_id) AS e
   CROSS JOIN LATERAL (SELECT count(*)::int AS runs, count(*) FILTER (WHERE status = 'failed')::int AS failed
       FROM investigations WHERE tenant_id = a.tenant_id AND incident_id = a.incident_id) AS r
   WHERE a.tenant_id = $1`;

/** Everything once. A run that was interrupted too often fails, and is not completed. */
function isSound({
  created,
  sent,
  triaged,
  fired,
  runs,
  ended,
  completed,
  failed,
}: Omit<Facts, 'alert' | 'incident'>): boolean {
  return (
    [created, sent, triaged, fired].every((count) => count === 1) &&
    runs <= 1 &&
    ended === runs &&
    completed + failed === runs
  );
}
