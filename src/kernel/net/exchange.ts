import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { OutboundFailedError, OutboundRefusedError, reasonOf } from './outbound-errors.js';

const MAX_HEADER_BYTES = 16_384;

export interface OutboundCall {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For the whole exchange, from the DNS look-up to the last byte of the response. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly signal?: AbortSignal;
  /** PEM of the CA to trust instead of the public ones. */
  readonly caCertificate?: string;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** This side aborted the exchange. */
class GivenUp extends Error {}

/**
 * Sends one request on its own connection and reads the whole response.
 *
 * @throws OutboundRefusedError when `lookup` refuses the address, else OutboundFailedError
 */
export async function exchange(
  url: URL,
  call: OutboundCall,
  lookup: LookupFunction,
): Promise<OutboundAnswer> {
  const { timeoutMs = 10_000, maxResponseBytes = 1_048_576 } = call;
  const stop = new AbortController();
  const giveUp = (reason: string) => {
    stop.abort(new GivenUp(reason));
  };
  const cancel = () => {
    giveUp('it was cancelled');
  };
  const timer = setTimeout(giveUp, timeoutMs, `timed out after ${timeoutMs / 1000} s`);
  if (call.signal?.aborted) cancel();
  call.signal?.addEventListener('abort', cancel, { once: true });

  let request: ClientRequest | undefined;
  const progress: { connected: boolean; status: number | undefined } = {
    connected: false,
    status: undefined,
  };
  try {
    request = prepare(url, call, lookup, stop.signal);
    void request.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (progress.connected = true));
    });
    const response = await send(request, call.body);
    const status = response.statusCode ?? 0;
    progress.status = status;
    return { status, headers: response.headers, body: await read(response, maxResponseBytes) };
  } catch (error) {
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
    if (cause instanceof OutboundRefusedError) throw cause;
    const reason = cause instanceof GivenUp ? cause.message : reasonOf(cause);
    throw new OutboundFailedError(reason, progress.connected ? 'maybe' : 'none', progress.status);
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', cancel);
    request?.destroy();
  }
}

function prepare(url: URL, call: OutboundCall, lookup: LookupFunction, signal: AbortSignal): ClientRequest {
  const { method, body } = call;
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const headers = { ...call.headers, ...length };
  const options = { method, headers, lookup, signal, agent: false, maxHeaderSize: MAX_HEADER_BYTES } as const;
  // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot turn it off.
  const ca = call.caCertificate === undefined ? {} : { ca: call.caCertificate };
  return url.protocol === 'https:'
    ? httpsRequest(url, { ...options, ...ca, rejectUnauthorized: true })
    : httpRequest(url, options);
}

function send(request: ClientRequest, body: string | Buffer | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Not once: a later error reaches the reader of the response, and without a listener it would end the process.
    request.on('error', reject);
    request.once('close', () => {
      reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
    request.end(body);
  });
}

async function read(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new GivenUp(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
