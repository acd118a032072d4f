import { type FieldFault, Refusal } from '#kernel/domain/errors';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { storedSize } from '#kernel/domain/stored-size';
import type { IncidentReport } from './incident.js';

export interface CustomAlert extends IncidentReport {
  readonly sourceAlertId: string | null;
}

const MAX_TAGS = 64;
const MAX_METADATA_BYTES = 256 * 1024;
/** The factor by which JSON may grow when PostgreSQL stores it: `1e308` becomes 309 digits. */
const MAX_EXPANSION = 64;

/**
 * Parses the body of the `custom` source. Hand-written instead of class-validator, since this is the hot path of an alert
 * storm. A test checks that the DTO which documents the body accepts the same.
 * @param bytes size of the raw body, if known: metadata of a small body need not be measured
 * @throws Refusal `validation_error` that names every invalid field
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
  const message = textFault(value, max);
  if (message === undefined) return value as string;
  faults.push({ field, message });
  return undefined;
}

function textFault(value: unknown, max: number): string | undefined {
  if (value === undefined) return 'is required';
  if (typeof value !== 'string') return 'must be a string';
  if (value.trim() === '') return 'must not be blank';
  // Counting characters instead of UTF-16 units is expensive.
  const isTooLong = value.length > max && Array.from(value).length > max;
  return isTooLong ? `must be at most ${max} characters` : undefined;
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
  if (bytes > MAX_METADATA_BYTES / MAX_EXPANSION && storedSize(value) > MAX_METADATA_BYTES)
    faults.push({ field: 'metadata', message: 'must be at most 256 KiB' });
  return value;
}
