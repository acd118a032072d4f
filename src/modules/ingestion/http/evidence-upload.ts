import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import type { Request } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { compressed } from '#kernel/http/request-body';
import { parseStrictJson, StrictJsonError } from '#kernel/http/strict-json';
import type { RawRow } from '../application/attach-evidence.js';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;

/** The rows of a streamed upload, or undefined if the body is JSON. */
export function uploadedRows(request: Request): AsyncIterable<RawRow> | undefined {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === undefined || type === 'application/json' || type.endsWith('+json')) return undefined;
  try {
    refuseUnreadable(request, type);
  } catch (refusal) {
    request.resume();
    throw refusal;
  }
  return type === 'text/csv' ? csvRows(request) : ndjsonRows(request);
}

function refuseUnreadable({ headers }: Request, type: string): void {
  if (type !== 'text/csv' && type !== 'application/x-ndjson')
    throw new Refusal('unsupported_media_type', 'Send application/json, text/csv or application/x-ndjson.');
  const refusal = compressed(headers);
  if (refusal) throw refusal;
  if (Number(headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge();
}

async function* csvRows(request: Request): AsyncIterable<RawRow> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE,
  });
  // An error of either stream is thrown by the loop below.
  pipeline(bytesOf(request), parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: object;
      info: { lines: number };
    }>) {
      yield { line: info.lines, value: record };
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('validation_error', `The CSV cannot be read: ${(error as Error).message}.`);
  }
}

async function* ndjsonRows(request: Request): AsyncIterable<RawRow> {
  let line = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of bytesOf(request)) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      line += 1;
      const row = jsonRow(line, rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      if (row) yield row;
    }
    if (rest.length > MAX_LINE)
      throw new Refusal('validation_error', `Line ${line + 1} is longer than 1 MiB.`);
  }
  const last = jsonRow(line + 1, rest);
  if (last) yield last;
}

/** If the consumer stops, the rest is read and discarded: many senders read the response only after sending everything. */
async function* bytesOf(request: Request): AsyncIterable<Buffer> {
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
      yield chunk;
    }
  } catch (error) {
    // Unmapped, it would be reported as an internal error.
    throw request.destroyed && !request.complete ? cutOff() : error;
  } finally {
    request.resume();
  }
}

function jsonRow(line: number, raw: Buffer): RawRow | undefined {
  if (raw.toString('latin1').trim() === '') return undefined;
  try {
    return { line, value: parseStrictJson(raw) };
  } catch (error) {
    if (error instanceof StrictJsonError) return { line, value: undefined, fault: error.message };
    throw error;
  }
}

function tooLarge(): Refusal {
  return new Refusal('payload_too_large', 'An upload is at most 32 MiB.');
}

function cutOff(): Refusal {
  return new Refusal('validation_error', 'The upload was cut off.');
}
