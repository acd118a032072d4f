import { Transform, type TransformCallback } from 'node:stream';
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
  const capped = request.pipe(new ByteCap());
  capped.on('error', (error) => parser.destroy(error));
  request.on('aborted', () => parser.destroy(brokenOff()));
  try {
    for await (const { record, info } of capped.pipe(parser) as AsyncIterable<{
      record: object;
      info: { lines: number };
    }>) {
      yield { line: info.lines, value: record };
    }
  } catch (error) {
    request.unpipe(capped);
    request.resume();
    if (error instanceof Refusal) throw error;
    throw new Refusal('validation_error', `The CSV cannot be read: ${(error as Error).message}.`);
  }
}

async function* ndjsonRows(request: Request): AsyncIterable<RawRow> {
  let [size, line] = [0, 0];
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
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
  } catch (error) {
    // Left as it is, it would be told as a failure of ours.
    throw request.destroyed && !request.complete ? brokenOff() : error;
  } finally {
    request.resume();
  }
  const last = jsonRow(line + 1, rest);
  if (last) yield last;
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

class ByteCap extends Transform {
  private size = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    if (this.size > MAX_BYTES) done(tooLarge());
    else done(null, chunk);
  }
}

function tooLarge(): Refusal {
  return new Refusal('payload_too_large', 'An upload is at most 32 MiB.');
}

function brokenOff(): Refusal {
  return new Refusal('validation_error', 'The upload ended before its time.');
}
