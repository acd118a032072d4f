import { EvidenceSet } from '#modules/investigation/domain/evidence/evidence-set';
import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import type { InvestigatedIncident } from '#modules/investigation/domain/agents/agent';
import { type CaseTimes, timesOf } from './case-times.js';
import { at, list, object, optionalText, type Json } from './json.js';
import type { RawCase } from './load-cases.js';
import { readAlertSet } from './read-alert-set.js';
import { readChanges } from './read-changes.js';
import { readDatabase } from './read-database.js';
import { readLogs } from './read-logs.js';
import { readMetrics } from './read-metrics.js';
import { readPlatform } from './read-platform.js';
import { readRows } from './read-rows.js';
import { readTraces } from './read-traces.js';

/** A case in the form that the product investigates. */
export interface ReadCase {
  readonly incident: InvestigatedIncident;
  readonly evidence: EvidenceSet;
  /** Every entity that occurs in the case, so that a ranking can contain all of them. */
  readonly entities: readonly string[];
  /** The original names of entities that a perturbation renamed. */
  readonly originalNames?: ReadonlyMap<string, string>;
}

const ALERT_EVIDENCE = 'alert';

/** Converts a case to the evidence that agents read. Every reader is tried; one without fields to read returns nothing. */
export function readCase(raw: RawCase): ReadCase {
  const { body } = raw;
  const times = timesOf(body);
  const evidence: Evidence[] = [
    readMetrics,
    readLogs,
    readTraces,
    readChanges,
    readPlatform,
    readDatabase,
    readAlertSet,
    readRows,
  ].flatMap((read) => read(raw, times));
  return {
    incident: incidentOf(raw, times),
    evidence: new EvidenceSet(evidence),
    entities: entitiesOf(body, evidence),
  };
}

function incidentOf({ id, body }: RawCase, { alertedAt }: CaseTimes): InvestigatedIncident {
  const alert = object(body)['alert'];
  const annotations = object(at(alert, 'commonAnnotations'));
  const labels = object(at(alert, 'commonLabels'));
  const service =
    optionalText(alert, 'entity', 'service') ??
    optionalText(labels, 'workload_name') ??
    optionalText(annotations, 'db_instance_identifier') ??
    optionalText(labels, 'service') ??
    null;
  const metric = optionalText(alert, 'metric');
  const direction = optionalText(alert, 'direction');
  const summary = [
    optionalText(alert, 'summary'),
    ...['summary', 'description', 'error'].map((field) => optionalText(annotations, field)),
  ];
  return {
    incidentId: id,
    title:
      optionalText(alert, 'title', 'monitor') ??
      (metric === undefined
        ? 'An alert'
        : `${metric} of ${service ?? 'a service'} went ${direction ?? 'wrong'}`),
    description: [metric, ...summary].filter((part) => part !== undefined).join('\n'),
    severity: 'high',
    service,
    environment: null,
    alertedAt,
    tags: {},
    metadata: { state: optionalText(alert, 'state') ?? null },
    evidenceId: ALERT_EVIDENCE,
  };
}

function entitiesOf(body: Json, evidence: readonly Evidence[]): string[] {
  const named = [...list(at(body, 'topology', 'entities')), ...list(at(body, 'entities'))].map((each) =>
    typeof each === 'string' ? each : optionalText(each, 'id'),
  );
  const seen = evidence.flatMap(({ rows }) =>
    rows.map((row) => {
      if ('entity' in row) return row.entity;
      return 'service' in row ? row.service : undefined;
    }),
  );
  return [...new Set([...named, ...seen])]
    .filter((name) => name !== undefined && name !== '')
    .sort() as string[];
}
