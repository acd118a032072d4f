import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Response } from 'express';
import type { StreamSink } from '../application/streams/stream-sink.js';

/** How long a client may take to read the rest of an ended stream before its connection is closed. */
const GRACE_MS = 1_000;
/** Copying larger buffers costs more than it saves. */
const MAX_COPY_BYTES = 65_536;

/**
 * Writes a stream to its HTTP response directly. Nest's own SSE stream would format every event again for each subscriber and
 * keep three times the memory for each.
 */
export class ResponseSink implements StreamSink {
  private constructor(private readonly response: Response) {}

  /**
   * Waits until Nest has sent the headers and ends the response. The response is then handed over instead of ended:
   * everything that Nest and Express hold for the request is released, and only the socket and the response remain.
   */
  static whenHandedOver(response: Response, takeOver: (sink: ResponseSink) => void): void {
    const end = response.end.bind(response);
    let source: Readable | undefined;
    response.once('pipe', (piped: Readable) => (source = piped));
    response.end = ((...rest: Parameters<typeof end>) => {
      response.end = end;
      // The client has disconnected meanwhile, or this is an error response.
      if (response.destroyed || !response.headersSent) return end(...rest);
      source?.unpipe(response);
      release(response.req);
      takeOver(new ResponseSink(response));
      return response;
    }) as typeof end;
  }

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  get sentBytes(): number {
    const { socket } = this.response;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  /**
   * Bypasses `response.write`, which makes four socket writes per chunk, and encodes it again for each subscriber. There is
   * no socket while earlier requests of the connection are still being answered.
   */
  write(chunk: Buffer): void {
    if (this.isClosed) return;
    const { socket, chunkedEncoding } = this.response;
    if (socket && chunkedEncoding && chunk.length <= MAX_COPY_BYTES) socket.write(chunkEncoded(chunk));
    else this.response.write(chunk);
  }

  async drained(): Promise<void> {
    const { response } = this;
    const writable: Writable = response.socket ?? response;
    if (this.isClosed || !writable.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        writable.off('drain', done);
        response.off('close', done);
        resolve();
      };
      writable.on('drain', done);
      response.on('close', done);
    });
  }

  async end(): Promise<void> {
    if (this.isClosed) return;
    const closed = new Promise((resolve) => this.response.once('close', resolve));
    this.response.end();
    const grace = setTimeout(() => this.abort(), GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  abort(): void {
    this.response.destroy();
  }

  private get isClosed(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }
}

const END_OF_LINE = Buffer.from('\r\n');
let last: { readonly chunk: Buffer; readonly encoded: Buffer } | undefined;

/** In HTTP/1.1 chunked encoding. Many subscribers in a row are sent the same chunk, which is encoded once. */
function chunkEncoded(chunk: Buffer): Buffer {
  if (last?.chunk !== chunk) {
    const size = Buffer.from(`${chunk.length.toString(16)}\r\n`);
    last = { chunk, encoded: Buffer.concat([size, chunk, END_OF_LINE]) };
  }
  return last.encoded;
}

/** Node's own properties of a request, and those that the access log and the metrics read at its end. */
const KEPT = new Set<unknown>([
  ...Reflect.ownKeys(new IncomingMessage(new Socket())),
  ...['requestId', 'principal', 'method', 'originalUrl', 'baseUrl', 'route'],
]);

/** A request lives as long as its connection, with every property that Express, Passport and Nest have added to it. */
function release(request: IncomingMessage): void {
  for (const key of Reflect.ownKeys(request)) if (!KEPT.has(key)) Reflect.set(request, key, undefined);
  request.headers = {};
  request.rawHeaders = [];
}
