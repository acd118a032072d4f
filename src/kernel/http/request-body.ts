import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Refusal } from '../domain/errors.js';
import { type LargeBodies, tooManyLargeBodies } from './large-bodies.js';
import { parseStrictJson, StrictJsonError } from './strict-json.js';

export interface RawBodyRequest extends Request {
  /** The bytes as received. Absent on routes that read the request as a stream. */
  rawBody?: Buffer;
}

const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Fields of a body may nest 100 levels; the body itself is one more. */
const MAX_DEPTH = 101;
export const EMPTY = Buffer.alloc(0);

/**
 * Reads bodies up to `limit` bytes. `request.body` is parsed at its first access, which is after the guards: an unauthenticated
 * sender learns nothing about the body it sent.
 */
export function requestBody(
  limit: number,
  large: LargeBodies,
  isStreamed: (request: Request) => boolean,
): RequestHandler {
  return (request: RawBodyRequest, response: Response, next: NextFunction) => {
    if (NO_BODY.has(request.method) || isStreamed(request)) {
      request.rawBody = EMPTY;
      next();
      return;
    }
    const reading = readBody(request, limit, large).finally(() => large.ended(request));
    reading.then(
      () => {
        Object.defineProperty(request, 'body', { configurable: true, get: () => parsedBody(request) });
        // An idle connection keeps its last request, and anybody may open many.
        response.once('finish', () => (request.rawBody = EMPTY));
        next();
      },
      (error: unknown) => next(error),
    );
  };
}

/**
 * Sets `rawBody`: the value of a promise stays for as long as the listeners of the request.
 * @throws Refusal `payload_too_large`, `service_unavailable`; the rest of the body is then read and dropped, so that the sender gets the
 * response
 */
function readBody(request: RawBodyRequest, limit: number, large: LargeBodies): Promise<void> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (why: Refusal): void => {
      chunks.length = 0;
      request.off('data', onData);
      request.resume();
      reject(why);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) refuse(bodyTooLarge(limit));
      else if (!large.mayGrow(request, size)) refuse(tooManyLargeBodies());
      else addPiece(chunks, chunk);
    };
    request.on('end', () => {
      request.rawBody = joined(chunks, size);
      resolve();
    });
    request.on('error', reject);
    request.on('aborted', () => reject(bodyEndedEarly()));
    if (Number(request.headers['content-length'] ?? 0) > limit) refuse(bodyTooLarge(limit));
    else request.on('data', onData);
  });
}

/** Of a body that is not complete. A sender may cut it into single bytes, each of which would take a hundred as an object. */
const MAX_PIECES = 1_000;

export function addPiece(pieces: Buffer[], piece: Buffer): void {
  if (pieces.length >= MAX_PIECES) pieces.splice(0, MAX_PIECES, Buffer.concat(pieces));
  pieces.push(piece);
}

/** The complete body. Its pieces are let go. */
export function joined(pieces: Buffer[], size: number): Buffer {
  const [only] = pieces;
  const body = only && pieces.length === 1 ? only : Buffer.concat(pieces, size);
  pieces.length = 0;
  return body;
}

export function bodyTooLarge(limit: number): Refusal {
  return new Refusal('payload_too_large', `The body is larger than ${limit} bytes.`);
}

export function bodyEndedEarly(): Refusal {
  return new Refusal('validation_error', 'The body is incomplete.');
}

function parsedBody(request: RawBodyRequest): unknown {
  const raw = request.rawBody ?? EMPTY;
  if (raw.length === 0) return {};
  requireJson(request);
  const body = jsonFrom(raw, request);
  // Where all fields are optional, null would pass as an empty body.
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new Refusal('validation_error', 'The body must be a JSON object.');
}

export function requireJson(request: Request): void {
  const given = request.headers['content-type'] ?? '';
  if (given === 'application/json') return;
  const type = given.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || type.endsWith('+json')) return;
  throw new Refusal('unsupported_media_type', 'Send the body as application/json.');
}

export function jsonFrom(raw: Buffer, { headers }: Request): unknown {
  try {
    return parseStrictJson(raw, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw compressed(headers) ?? new Refusal('validation_error', error.message);
  }
}

/**
 * The refusal of a compressed body, since nothing here decompresses. An alert is refused only if it cannot be read otherwise: some senders
 * name a compression and use none.
 */
export function compressed(headers: Readonly<Record<string, unknown>>): Refusal | undefined {
  const isCompressed = /\b(gzip|deflate|br|zstd|compress)\b/i.test(String(headers['content-encoding']));
  return isCompressed
    ? new Refusal('unsupported_media_type', 'Send the body uncompressed, without a Content-Encoding.')
    : undefined;
}
