import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import type { Request } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { parseStrictJson, StrictJsonError } from '#kernel/http/strict-json';
import type { RawRow } from '../application/attach-evidence.js';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;

/** The rows of an upload as they come in, or undefined when the body is JSON. */
export function uploadedRows(request: Request): AsyncIterable<RawRow> | undefined {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === undefined || type === 'application/json' || type.endsWith('+json')) return undefined;
  if (type !== 'text/csv' && type !== 'application/x-ndjson') {
    request.resume();
    throw new Refusal('unsupported_media_type', 'Send application/json, text/csv or application/x-ndjson.');
  }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) {
    request.resume();
    throw tooLarge();
  }
  return type === 'text/csv' ? csvRows(request) : ndjsonRows(request);
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
  // An error of either ends the reading, which is where it is told.
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

/** What is left when whoever reads them stops is read and dropped, so that the sender gets to reading the answer. */
async function* bytesOf(request: Request): AsyncIterable<Buffer> {
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
      yield chunk;
    }
  } catch (error) {
    // Left as it is, it would be told as a failure of ours.
    throw request.destroyed && !request.complete ? brokenOff() : error;
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

function brokenOff(): Refusal {
  return new Refusal('validation_error', 'The upload ended before its time.');
}
