import { epochOf } from '#kernel/domain/epoch';
import { words } from '#kernel/domain/words';

export const EVIDENCE_TYPES = words('EvidenceType', [
  'log',
  'metric',
  'trace',
  'deployment',
  'code_change',
  'config_change',
  'topology',
  'platform_event',
  'database',
  'runbook',
  'note',
]);
export type EvidenceType = (typeof EVIDENCE_TYPES)[number];

export type EvidenceRow = Readonly<Record<string, unknown>>;

/** A parsed row, or why it cannot be used. */
export type RowReading = { readonly row: EvidenceRow } | { readonly fault: string };

type Cell = (value: unknown) => unknown;
interface Columns {
  readonly required: Readonly<Record<string, Cell>>;
  readonly optional: Readonly<Record<string, Cell>>;
}

const MAX_TEXT = 64 * 1024;

/** The columns that agents rely on. Others are kept unchanged. A type that is not listed accepts any object. */
const COLUMNS: Partial<Record<EvidenceType, Columns>> = {
  metric: {
    required: { timestamp: time, entity: text, metric: text, value: number },
    optional: { unit: text },
  },
  log: { required: { timestamp: time, entity: text, message: text }, optional: { level: text } },
  trace: {
    required: {
      traceId: text,
      spanId: text,
      entity: text,
      operation: text,
      startedAt: time,
      durationMs: number,
    },
    optional: { parentSpanId: text, status: text },
  },
  topology: { required: { caller: text, callee: text }, optional: {} },
};

/**
 * Parses one row: times (RFC 3339, or epoch in seconds or milliseconds) become epoch milliseconds, numbers become numbers.
 */
export function readEvidenceRow(type: EvidenceType, raw: unknown): RowReading {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { fault: 'is not an object' };
  const given = raw as EvidenceRow;
  const columns = COLUMNS[type];
  if (!columns) return Object.keys(given).length === 0 ? { fault: 'is empty' } : { row: given };
  const read = new Map(Object.entries(given));
  for (const [name, cell] of Object.entries(columns.required)) {
    if (isMissing(given[name])) return { fault: `has no ${name}` };
    const value = cell(given[name]);
    if (value === undefined) return { fault: `has an unreadable ${name}` };
    read.set(name, value);
  }
  for (const [name, cell] of Object.entries(columns.optional)) {
    const value = isMissing(given[name]) ? undefined : cell(given[name]);
    if (value === undefined) read.delete(name);
    else read.set(name, value);
  }
  return { row: Object.fromEntries(read) };
}

function isMissing(value: unknown): boolean {
  // As a number, a blank cell would be a measurement of 0 that was never made.
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const read = String(value);
  return read.includes('\0') ? undefined : read.slice(0, MAX_TEXT);
}

function number(value: unknown): number | undefined {
  const read = typeof value === 'string' ? Number(value.trim()) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

function time(value: unknown): number | undefined {
  return epochOf(number(value) ?? value);
}
