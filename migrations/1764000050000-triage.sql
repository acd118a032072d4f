-- What triage decided, and what it knows of usual alerts.

-- up
/* Only what was decided: the category names the agents, and a summary is the incident's own words, which never change, with it. */
CREATE TABLE triages (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  severity text NOT NULL,
  category text NOT NULL,
  confidence double precision NOT NULL,
  decided_because jsonb NOT NULL,
  triaged_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id)
);
SELECT isolate_by_tenant('triages');

/*
 * Which alerts go off how often, so that the unusual ones of a storm can be told from those of every storm.
 * One row for each kind of alert of a tenant, and one ('any') for all of them: the latest hours (counted from 1970) in which
 * one arrived, newest first. So both the rows and their length are bounded, whatever arrives.
 */
CREATE TABLE alert_history (
  tenant_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  hours integer[] NOT NULL,
  last_day date NOT NULL,
  PRIMARY KEY (tenant_id, kind)
);
CREATE INDEX alert_history_by_day ON alert_history (last_day);
SELECT isolate_by_tenant('alert_history');
SELECT purge_after('alert_history', 'last_day', '90 days');

-- down
DELETE FROM purges WHERE table_name = 'alert_history';
DROP TABLE alert_history;
DROP TABLE triages;
