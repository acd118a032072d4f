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

/** A piece of evidence without its type and rows. */
export type EvidenceHead = Pick<Evidence, 'evidenceId' | 'source' | 'summary' | 'observedAt'>;

export function isEvidenceType(type: string): type is EvidenceType {
  return EVIDENCE_TYPES.some((known) => known === type);
}

/**
 * Parses stored rows into the form that agents read. Tabular types have the columns of the public API; changes,
 * platform events and notes come in many shapes, so the common names of each field are tried in order. Rows that lack
 * a required field are dropped.
 */
export function readEvidence(type: EvidenceType, about: EvidenceHead, rows: Iterable<unknown>): Evidence {
  switch (type) {
    case 'metric':
      return { ...about, type, rows: readRows(rows, metricPoint) };
    case 'log':
      return { ...about, type, rows: readRows(rows, logLine) };
    case 'platform_event':
      return {
        ...about,
        type,
        rows: readRows<LogLine | PlatformState | AlertSignal>(
          rows,
          (row) => alertSignal(row) ?? platformState(row) ?? platformEvent(row),
        ),
      };
    case 'trace':
      return {
        ...about,
        type,
        rows: readRows<Span | TraceStatistic>(rows, (row) => traceStatistic(row) ?? span(row)),
      };
    case 'topology':
      return { ...about, type, rows: readRows(rows, topologyEdge) };
    case 'deployment':
      return { ...about, type, rows: readRows(rows, (row) => change(row, 'deploy')) };
    case 'code_change':
      return { ...about, type, rows: readRows(rows, (row) => change(row, 'code')) };
    case 'config_change':
      return { ...about, type, rows: readRows(rows, (row) => change(row, 'config')) };
    case 'database':
      return {
        ...about,
        type,
        rows: readRows<MetricPoint | TextNote>(rows, (row) => metricPoint(row) ?? note(row)),
      };
    case 'runbook':
    case 'note':
      return { ...about, type, rows: readRows(rows, note) };
  }
}

function readRows<Row>(rows: Iterable<unknown>, read: (row: RawRow) => Row | undefined): Row[] {
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
    ...optional('unit', name(row, 'unit')),
    ...optional('instance', name(row, 'instance', 'pod')),
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
    ...optional('level', name(row, 'level')),
    ...optional('count', number(row, 'count')),
  };
}

/** Kubernetes, cloud and database events. The reason, such as `OOMKilled`, is put before the message. */
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
    ...optional('level', name(row, 'level', 'type')),
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
    ...optional('reason', text(row, 'reason')),
    ...optional('message', text(row, 'message')),
    ...optional('exitCode', number(row, 'exitCode')),
    ...optional('restarts', number(row, 'restarts')),
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
    ...optional('caller', name(row, 'caller')),
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
    ...optional('operation', name(row, 'operation')),
    ...optional('caller', name(row, 'caller')),
    ...optional('callerOperation', name(row, 'callerOperation')),
    ...optional('mean', number(row, 'mean')),
    ...optional('median', number(row, 'median')),
    ...optional('baselineMean', number(row, 'baselineMean')),
    ...optional('baselineMedian', number(row, 'baselineMedian')),
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
    ...optional('parentSpanId', text(row, 'parentSpanId')),
    ...optional('status', name(row, 'status')),
  };
}

function topologyEdge(row: RawRow): TopologyEdge | undefined {
  const [caller, callee] = [name(row, 'caller'), name(row, 'callee')];
  return caller === undefined || callee === undefined ? undefined : { caller, callee };
}

function change(row: RawRow, defaultType: ChangeType): Change | undefined {
  const occurredAt = time(row, 'occurredAt', 'timestamp', 'deployedAt', 'date', 'time');
  const service = name(row, 'service', 'entity');
  const summary = text(row, 'summary', 'message', 'title', 'description', 'text');
  if (occurredAt === undefined || (service === undefined && summary === undefined)) return undefined;
  return {
    type: oneOf(CHANGE_TYPES, text(row, 'type')) ?? defaultType,
    service: service ?? '',
    summary: summary ?? 'no summary',
    occurredAt,
    ...optional('changeId', text(row, 'changeId', 'sha', 'id')),
    ...optional('commit', text(row, 'commit', 'commitSha', 'sha')),
    ...optional('environment', name(row, 'environment')),
    ...optional('version', name(row, 'version')),
    ...optional('previousVersion', name(row, 'previousVersion')),
    ...optional('url', text(row, 'url')),
    ...optional('paths', texts(row, 'paths', 'files', 'filesChanged')),
    ...optional('diff', text(row, 'diff')),
  };
}

function note(row: RawRow): TextNote | undefined {
  const content =
    text(row, 'text', 'content', 'message') ?? (row.size > 0 ? JSON.stringify(Object.fromEntries(row)) : '');
  if (content.trim() === '') return undefined;
  return {
    text: content,
    ...optional('entity', name(row, 'entity', 'service')),
    ...optional('timestamp', time(row, 'timestamp', 'occurredAt')),
  };
}

/** Omits the field when the value is undefined, as `exactOptionalPropertyTypes` requires. */
function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
