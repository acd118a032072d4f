/** Drafts of the incidents of one batch. Emptied by each commit. */
export const CREATE_DRAFTS = `
  CREATE TEMP TABLE drafts (
    number bigint, at timestamptz, incident_id text COLLATE "C", service text, environment text, severity text,
    status text, category text, title text, description text
  ) ON COMMIT DELETE ROWS`;

/** An SQL expression for a ULID of the given time, in the format of the application. */
function ulid(prefix: string, at: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const ms = `(extract(epoch FROM ${at}) * 1000)::bigint`;
  const time = [45, 40, 35, 30, 25, 20, 15, 10, 5, 0].map(
    (bits) => `substr('${alphabet}', (${ms} >> ${bits} & 31)::int + 1, 1)`,
  );
  return `'${prefix}_' || ${time.join(' || ')} || upper(left(md5(random()::text), 16))`;
}

/** An SQL expression that picks a value by the hash of the incident's number, so it is the same in every run. */
function oneOf(values: readonly string[], salt: number): string {
  const array = `ARRAY[${values.map((value) => `'${value}'`).join(', ')}]`;
  return `(${array})[1 + abs(hashint8(number * 31 + ${salt})) % ${values.length}]`;
}

const SERVICES = (
  'checkout payments cart catalog search pricing inventory shipping orders accounts sessions profiles billing ledger ' +
  'invoices refunds fraud risk notifications mailer webhooks gateway edge proxy auth tokens media images video uploads ' +
  'reports exports analytics events stream scheduler workers imports feeds recommendations'
).split(' ');
const SYMPTOMS = [
  'error rate above 5 %',
  'p99 latency above 2 s',
  'connection pool exhausted',
  'disk almost full',
  'memory limit exceeded',
  'pods restarting',
  'queue is growing',
  'certificate expires soon',
  'replication lag',
  'timeouts from upstream',
  'rejected requests',
  'deploy failed',
];
const SENTENCES = [
  'Requests of customers in Europe fail with status 503 since the last rollout',
  'The dashboard shows a steep rise that began a few minutes ago and goes on',
  'Several hosts report the same trouble while others stay healthy so far',
  'The threshold of the alert was crossed for ten minutes in a row',
  'Retries make it worse and the budget of errors of this month is nearly spent',
  'Nobody has acknowledged it yet and the runbook names the database first',
];

/** $1 time of the first incident, $2 milliseconds between incidents, $3 first number, $4 end (exclusive). */
export const DRAFT = `
  INSERT INTO drafts
  SELECT number, at, ${ulid('inc', 'at')}, service, environment, severity, status, category,
         initcap(service) || ': ' || symptom || ' in ' || environment,
         sentence || '. Host ' || service || '-' || number % 97 || ', trace ' || left(md5(number::text), 12) ||
           ', value ' || number % 1000 || ', owner team ' || team || '.'
    FROM (
      SELECT number, $1::timestamptz + number * $2 * interval '1 millisecond' AS at,
             ${oneOf(SERVICES, 1)} AS service,
             ${oneOf(['production', 'production', 'production', 'staging', 'test'], 2)} AS environment,
             ${oneOf(['critical', 'high', 'high', 'medium', 'medium', 'medium', 'low', 'low', 'info'], 3)} AS severity,
             CASE WHEN number % 50 = 0 THEN 'open' WHEN number % 7 = 0 THEN 'closed' ELSE 'resolved' END AS status,
             ${oneOf(['availability', 'latency', 'errors', 'saturation', 'data', 'security'], 4)} AS category,
             ${oneOf(SYMPTOMS, 5)} AS symptom, ${oneOf(SENTENCES, 6)} AS sentence,
             ${oneOf(['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord'], 7)} AS team
        FROM generate_series($3::bigint, $4::bigint - 1) AS number) AS generated`;

/** $1 tenant. */
export const FROM_DRAFTS = [
  `INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, provider,
     source_alert_id, service, environment, tags, metadata, root_cause, confidence, alert_count, version,
     created_at, updated_at, resolved_at)
   SELECT $1, incident_id, title, description, severity, status, 'automated', 'custom', 'seed-' || number, service,
          environment, jsonb_build_object('team', service, 'zone', 'eu-' || number % 3), '{}',
          CASE WHEN number % 4 = 0 THEN 'A deploy of ' || service || ' exhausted its connection pool' END,
          CASE WHEN number % 4 = 0 THEN 0.8 END, 1, 4, at, at + interval '30 seconds' * (1 + number % 100),
          CASE WHEN status <> 'open' THEN at + interval '30 seconds' * (1 + number % 100) END
     FROM drafts ORDER BY number`,
  `INSERT INTO alerts (tenant_id, incident_id, provider, source_alert_id, raw, received_at, last_seen_at)
   SELECT $1, incident_id, 'custom', 'seed-' || number, convert_to(json_build_object('alertId', 'seed-' || number,
          'title', title, 'description', description, 'severity', severity, 'service', service,
          'environment', environment, 'tags', json_build_object('team', service))::text, 'UTF8'), at, at
     FROM drafts ORDER BY number`,
  `INSERT INTO triages (tenant_id, incident_id, severity, category, confidence, decided_because, triaged_at)
   SELECT $1, incident_id, severity, category, 0.7,
          jsonb_build_array('The sender calls it ' || severity || '.'), at + interval '40 milliseconds'
     FROM drafts ORDER BY number`,
  `INSERT INTO changes (tenant_id, change_id, type, service, environment, version, summary, occurred_at, recorded_at)
   SELECT $1, ${ulid('chg', 'at')}, 'deploy', service, environment, left(md5(number::text), 7),
          'Deploy of ' || service, at, at
     FROM drafts WHERE number % 20 = 0 ORDER BY number`,
  `WITH learned AS (
     INSERT INTO patterns (tenant_id, pattern_id, title, summary, service, symptoms, root_cause, confidence,
       occurrences, confirmations, status, alert_title, alert_description, created_at, last_seen_at)
     SELECT $1, ${ulid('ptn', 'at')}, title, 'Seen when ' || title, service, jsonb_build_array(category),
            'A deploy of ' || service || ' exhausted its connection pool', 0.5, 1, 0, 'emerging', title, description, at, at
       FROM drafts WHERE number % 500 = 0
     RETURNING pattern_id, title, service)
   INSERT INTO pattern_words (tenant_id, word, pattern_id, service)
   SELECT DISTINCT $1, word, pattern_id, service FROM learned, regexp_split_to_table(lower(title), '[^a-z]+') AS word
    WHERE length(word) > 2`,
];

/**
 * The events of an incident, spread until the next incident, so that the log is in chronological order: creation, triage,
 * start of the investigation, reports of agents, its completion, the last change of status.
 * $1 tenant, $2 events per incident, $3 milliseconds between incidents.
 */
export const EVENTS = `
  INSERT INTO events (tenant_id, seq, stretch, id, type, data, incident_id, actor, correlation_id, occurred_at)
  SELECT $1, seq, seq >> 8, event_id(${ulid('evt', 'at')}, seq), type,
         CASE type
           WHEN 'incident.created' THEN json_build_object('incidentId', incident_id, 'title', title,
             'severity', severity, 'status', 'open', 'source', 'automated')
           WHEN 'incident.status_changed' THEN json_build_object('incidentId', incident_id,
             'previousStatus', CASE n WHEN 1 THEN 'open' WHEN 2 THEN 'triaging' ELSE 'investigating' END,
             'newStatus', CASE n WHEN 1 THEN 'triaging' WHEN 2 THEN 'investigating' ELSE status END)
           WHEN 'investigation.completed' THEN json_build_object('incidentId', incident_id,
             'rootCause', 'A deploy of ' || service || ' exhausted its connection pool', 'confidence', 0.8,
             'recommendedActions', json_build_array('Roll back the deploy of ' || service))
           ELSE json_build_object('incidentId', incident_id,
             'message', 'Found ' || number % 5000 || ' errors of ' || service || ' in the last 30 minutes',
             'agentName', 'log analysis', 'stepIndex', n - 2, 'totalSteps', greatest(1, $2::int - 5))
         END,
         incident_id, NULL, md5(incident_id), at
    FROM (
      SELECT d.number, d.incident_id, d.title, d.severity, d.status, d.service, n, d.number * $2::int + n + 1 AS seq,
             d.at + n * ($3 / $2::int) * interval '1 millisecond' AS at,
             CASE WHEN n = 0 THEN 'incident.created' WHEN n IN (1, 2) OR n = $2::int - 1 THEN 'incident.status_changed'
                  WHEN n = $2::int - 2 THEN 'investigation.completed' ELSE 'investigation.progress' END AS type
        FROM drafts d, generate_series(0, $2::int - 1) AS n) AS incident_events
   ORDER BY seq`;
