import { type FieldFault, Refusal } from '#kernel/domain/errors';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import type { IncidentReport } from './incident.js';

export interface CustomAlert extends IncidentReport {
  readonly sourceAlertId: string | null;
}

const MAX_TAGS = 64;
const MAX_METADATA_BYTES = 256 * 1024;
/** How many times longer JSON may become by being stored and read again: `1e308` has 309 digits then. */
const MOST_GROWTH = 64;

/**
 * Reads the body of the `custom` source. By hand and not by class-validator, because this is the path that a storm of
 * alerts takes; the DTO that documents the body is checked against this reader by a test.
 * @param bytes of the body as it came, where that is known: metadata of a small one need not be measured
 * @throws Refusal `validation_error` that names every field at fault
 */
export function readCustomAlert(body: unknown, bytes = Infinity): CustomAlert {
  return read(body, (fields, faults) => ({
    ...reportFrom(fields, faults, bytes),
    sourceAlertId: optionalText(fields, 'sourceAlertId', 512, faults),
  }));
}

/** The same for an incident that a person or a trigger opens. */
export function readReport(body: unknown): IncidentReport {
  return read(body, (fields, faults) => reportFrom(fields, faults, Infinity));
}

function read<T>(body: unknown, from: (fields: Body, faults: FieldFault[]) => T): T {
  if (!isObject(body)) throw new Refusal('validation_error', 'The body must be a JSON object.');
  const faults: FieldFault[] = [];
  const result = from(body, faults);
  if (faults.length === 0) return result;
  const message = faults.map((fault) => `${fault.field} ${fault.message}`).join('; ');
  throw new Refusal('validation_error', message, { details: faults });
}

function reportFrom(body: Body, faults: FieldFault[], bytes: number): IncidentReport {
  return {
    title: text(body, 'title', 500, faults) ?? '',
    description: text(body, 'description', 20_000, faults) ?? '',
    severity: severity(body['severity'], faults),
    service: optionalText(body, 'service', 200, faults),
    environment: optionalText(body, 'environment', 200, faults),
    tags: tags(body['tags'], faults),
    metadata: metadata(body['metadata'], faults, bytes),
  };
}

type Body = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(body: Body, field: string, max: number, faults: FieldFault[]): string | undefined {
  const value = body[field];
  const fault =
    value === undefined ? 'is required'
    : typeof value !== 'string' ? 'must be a string'
    : value.trim() === '' ? 'must not be blank'
    : value.length > max && Array.from(value).length > max ? `must be at most ${max} characters`
    : undefined; // prettier-ignore
  if (fault === undefined) return value as string;
  faults.push({ field, message: fault });
  return undefined;
}

function optionalText(body: Body, field: string, max: number, faults: FieldFault[]): string | null {
  return body[field] === undefined || body[field] === null ? null : (text(body, field, max, faults) ?? null);
}

function severity(value: unknown, faults: FieldFault[]): Severity {
  if (value === undefined || value === null) return 'medium';
  const found =
    typeof value === 'string' ? SEVERITIES.find((known) => known === value.toLowerCase()) : undefined;
  if (!found) faults.push({ field: 'severity', message: `must be one of ${SEVERITIES.join(', ')}` });
  return found ?? 'medium';
}

function tags(value: unknown, faults: FieldFault[]): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isObject(value) || Object.values(value).some((tag) => typeof tag !== 'string')) {
    faults.push({ field: 'tags', message: 'must be an object of strings' });
  } else if (Object.keys(value).length > MAX_TAGS) {
    faults.push({ field: 'tags', message: `must have at most ${MAX_TAGS} entries` });
  } else {
    return value as Record<string, string>;
  }
  return {};
}

function metadata(value: unknown, faults: FieldFault[], bytes: number): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    faults.push({ field: 'metadata', message: 'must be a JSON object' });
    return {};
  }
  if (bytes > MAX_METADATA_BYTES / MOST_GROWTH && sizeOf(value) > MAX_METADATA_BYTES)
    faults.push({ field: 'metadata', message: 'must be at most 256 KiB' });
  return value;
}

/** In bytes, as the database writes it. */
function sizeOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value)) + noughtsIn(value);
}

function noughtsIn(value: unknown): number {
  if (typeof value === 'number') return noughtsOf(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + noughtsIn(inner), 0);
}

/** The database writes `1e+308` with all of its noughts, and `1e-7`. */
function noughtsOf(value: number): number {
  const size = Math.abs(value);
  const isWrittenOut = value === 0 || (size >= 1e-6 && size < 1e21);
  return isWrittenOut ? 0 : Math.abs(Math.log10(size));
}
