import {
  type AlertSignal,
  CHANGE_TYPES,
  type Change,
  type ChangeType,
  type Evidence,
  EVIDENCE_TYPES,
  type EvidenceType,
  type LogLine,
  type MetricPoint,
  type PlatformState,
  SIGNAL_SOURCES,
  type Span,
  STATE_KINDS,
  type TextNote,
  type TopologyEdge,
  TRACE_STATISTICS,
  type TraceStatistic,
} from './evidence.js';
import { name, number, oneOf, type RawRow, rawRow, text, texts, time } from './raw-row.js';

/** What is known of a piece of evidence besides its rows. */
export type EvidenceAbout = Pick<Evidence, 'evidenceId' | 'source' | 'summary' | 'observedAt'>;

export function isEvidenceType(type: string): type is EvidenceType {
  return EVIDENCE_TYPES.some((known) => known === type);
}

/**
 * Evidence as agents read it, from rows as they were stored. Tables have the columns of the public contract; changes,
 * platform events and notes come in many shapes, so the usual names of each field are tried. What has no time where
 * one is needed, or nothing to say, is left out.
 */
export function readEvidence(type: EvidenceType, about: EvidenceAbout, rows: Iterable<unknown>): Evidence {
  switch (type) {
    case 'metric':
      return { ...about, type, rows: readAll(rows, metricPoint) };
    case 'log':
      return { ...about, type, rows: readAll(rows, logLine) };
    case 'platform_event':
      return {
        ...about,
        type,
        rows: readAll<LogLine | PlatformState | AlertSignal>(
          rows,
          (row) => alertSignal(row) ?? platformState(row) ?? platformEvent(row),
        ),
      };
    case 'trace':
      return {
        ...about,
        type,
        rows: readAll<Span | TraceStatistic>(rows, (row) => traceStatistic(row) ?? span(row)),
      };
    case 'topology':
      return { ...about, type, rows: readAll(rows, topologyEdge) };
    case 'deployment':
      return { ...about, type, rows: readAll(rows, (row) => change(row, 'deploy')) };
    case 'code_change':
      return { ...about, type, rows: readAll(rows, (row) => change(row, 'code')) };
    case 'config_change':
      return { ...about, type, rows: readAll(rows, (row) => change(row, 'config')) };
    case 'database':
      return {
        ...about,
        type,
        rows: readAll<MetricPoint | TextNote>(rows, (row) => metricPoint(row) ?? note(row)),
      };
    case 'runbook':
    case 'note':
      return { ...about, type, rows: readAll(rows, note) };
  }
}

function readAll<Row>(rows: Iterable<unknown>, read: (row: RawRow) => Row | undefined): Row[] {
  const known: Row[] = [];
  for (const raw of rows) {
    const row = read(rawRow(raw));
    if (row !== undefined) known.push(row);
  }
  return known;
}

function metricPoint(row: RawRow): MetricPoint | undefined {
  const timestamp = time(row, 'timestamp');
  const [entity, metric, value] = [name(row, 'entity'), name(row, 'metric'), number(row, 'value')];
  if (timestamp === undefined || entity === undefined || metric === undefined || value === undefined)
    return undefined;
  return {
    timestamp,
    entity,
    metric,
    value,
    ...given('unit', name(row, 'unit')),
    ...given('instance', name(row, 'instance', 'pod')),
  };
}

function logLine(row: RawRow): LogLine | undefined {
  const timestamp = time(row, 'timestamp');
  const message = text(row, 'message');
  if (timestamp === undefined || message === undefined) return undefined;
  return {
    timestamp,
    entity: name(row, 'entity') ?? '',
    message,
    ...given('level', name(row, 'level')),
    ...given('count', number(row, 'count')),
  };
}

/** Kubernetes, cloud and database events: a reason, such as `OOMKilled`, belongs to the message. */
function platformEvent(row: RawRow): LogLine | undefined {
  const timestamp = time(row, 'timestamp', 'lastTimestamp', 'occurredAt', 'date', 'time');
  const message = [text(row, 'reason'), text(row, 'message', 'note', 'text')].filter(
    (part) => part !== undefined,
  );
  if (timestamp === undefined || message.length === 0) return undefined;
  return {
    timestamp,
    entity: name(row, 'entity', 'service', 'object', 'name') ?? '',
    message: message.join(': '),
    ...given('level', name(row, 'level', 'type')),
  };
}

function platformState(row: RawRow): PlatformState | undefined {
  const kind = oneOf(STATE_KINDS, text(row, 'kind'));
  const [entity, ready] = [name(row, 'entity'), row.get('ready')];
  if (kind === undefined || entity === undefined || typeof ready !== 'boolean') return undefined;
  return {
    kind,
    entity,
    ready,
    ...given('reason', text(row, 'reason')),
    ...given('message', text(row, 'message')),
    ...given('exitCode', number(row, 'exitCode')),
    ...given('restarts', number(row, 'restarts')),
  };
}

function alertSignal(row: RawRow): AlertSignal | undefined {
  const [entity, signal] = [name(row, 'entity'), name(row, 'signal')];
  const about = oneOf(SIGNAL_SOURCES, text(row, 'about'));
  if (entity === undefined || signal === undefined || about === undefined) return undefined;
  return {
    entity,
    signal,
    about,
    ...given('caller', name(row, 'caller')),
    seenBefore: Math.max(0, number(row, 'seenBefore') ?? 0),
    stormsBefore: Math.max(0, number(row, 'stormsBefore') ?? 0),
  };
}

function traceStatistic(row: RawRow): TraceStatistic | undefined {
  const statistic = oneOf(TRACE_STATISTICS, text(row, 'statistic'));
  const [entity, count] = [name(row, 'entity'), number(row, 'count')];
  if (statistic === undefined || entity === undefined || count === undefined) return undefined;
  return {
    statistic,
    entity,
    count: Math.max(0, count),
    baselineCount: Math.max(0, number(row, 'baselineCount') ?? 0),
    ...given('operation', name(row, 'operation')),
    ...given('caller', name(row, 'caller')),
    ...given('callerOperation', name(row, 'callerOperation')),
    ...given('mean', number(row, 'mean')),
    ...given('median', number(row, 'median')),
    ...given('baselineMean', number(row, 'baselineMean')),
    ...given('baselineMedian', number(row, 'baselineMedian')),
  };
}

function span(row: RawRow): Span | undefined {
  const startedAt = time(row, 'startedAt');
  const durationMs = number(row, 'durationMs');
  const [traceId, spanId] = [text(row, 'traceId'), text(row, 'spanId')];
  if (startedAt === undefined || durationMs === undefined || traceId === undefined || spanId === undefined) {
    return undefined;
  }
  return {
    traceId,
    spanId,
    entity: name(row, 'entity') ?? '',
    operation: name(row, 'operation') ?? '',
    startedAt,
    durationMs,
    ...given('parentSpanId', text(row, 'parentSpanId')),
    ...given('status', name(row, 'status')),
  };
}

function topologyEdge(row: RawRow): TopologyEdge | undefined {
  const [caller, callee] = [name(row, 'caller'), name(row, 'callee')];
  return caller === undefined || callee === undefined ? undefined : { caller, callee };
}

function change(row: RawRow, usual: ChangeType): Change | undefined {
  const occurredAt = time(row, 'occurredAt', 'timestamp', 'deployedAt', 'date', 'time');
  const service = name(row, 'service', 'entity');
  const summary = text(row, 'summary', 'message', 'title', 'description', 'text');
  if (occurredAt === undefined || (service === undefined && summary === undefined)) return undefined;
  return {
    type: oneOf(CHANGE_TYPES, text(row, 'type')) ?? usual,
    service: service ?? '',
    summary: summary ?? 'no summary',
    occurredAt,
    ...given('changeId', text(row, 'changeId', 'sha', 'id')),
    ...given('commit', text(row, 'commit', 'commitSha', 'sha')),
    ...given('environment', name(row, 'environment')),
    ...given('version', name(row, 'version')),
    ...given('previousVersion', name(row, 'previousVersion')),
    ...given('url', text(row, 'url')),
    ...given('paths', texts(row, 'paths', 'files', 'filesChanged')),
    ...given('diff', text(row, 'diff')),
  };
}

function note(row: RawRow): TextNote | undefined {
  const said =
    text(row, 'text', 'content', 'message') ?? (row.size > 0 ? JSON.stringify(Object.fromEntries(row)) : '');
  if (said.trim() === '') return undefined;
  return {
    text: said,
    ...given('entity', name(row, 'entity', 'service')),
    ...given('timestamp', time(row, 'timestamp', 'occurredAt')),
  };
}

/** A field that is absent when it is unknown, as `exactOptionalPropertyTypes` wants it. */
function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
