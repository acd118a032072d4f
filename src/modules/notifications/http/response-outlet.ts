import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Response } from 'express';
import type { Outlet } from '../application/outlet.js';

/** What a reader gets to take the rest of an ended stream before its connection is closed all the same. */
const GRACE_MS = 1_000;
/** Of larger pieces, copying costs more than what it saves. */
const LARGEST_COPY = 65_536;

/**
 * A stream's bytes go into its HTTP response, past Nest's own stream, which would format them anew for every reader and
 * keep three times the memory for each.
 */
export class ResponseOutlet implements Outlet {
  private constructor(private readonly response: Response) {}

  /**
   * Waits until Nest has sent the headers and ends the response, which then is not ended but handed over: all that Nest and
   * Express hold for a request is let go, and the socket with its response remains.
   */
  static whenHandedOver(response: Response, takeOver: (outlet: ResponseOutlet) => void): void {
    const end = response.end.bind(response);
    let source: Readable | undefined;
    response.once('pipe', (piped: Readable) => (source = piped));
    response.end = ((...rest: Parameters<typeof end>) => {
      response.end = end;
      // Its reader left meanwhile, or this is the answer to a failure.
      if (response.destroyed || !response.headersSent) return end(...rest);
      source?.unpipe(response);
      letGo(response.req);
      takeOver(new ResponseOutlet(response));
      return response;
    }) as typeof end;
  }

  get waiting(): number {
    return this.response.writableLength;
  }

  get left(): number {
    const { socket } = this.response;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  /**
   * Past `response.write`, which makes four writes of a piece, for each reader anew. There is no socket while answers to
   * earlier requests of its connection are on their way.
   */
  write(piece: Buffer): void {
    if (this.isClosed) return;
    const { socket, chunkedEncoding } = this.response;
    if (socket && chunkedEncoding && piece.length <= LARGEST_COPY) socket.write(asChunk(piece));
    else this.response.write(piece);
  }

  async drained(): Promise<void> {
    const { response } = this;
    const line: Writable = response.socket ?? response;
    if (this.isClosed || !line.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        line.off('drain', done);
        response.off('close', done);
        resolve();
      };
      line.on('drain', done);
      response.on('close', done);
    });
  }

  async end(): Promise<void> {
    if (this.isClosed) return;
    const closed = new Promise((resolve) => this.response.once('close', resolve));
    this.response.end();
    const grace = setTimeout(() => this.cut(), GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  cut(): void {
    this.response.destroy();
  }

  private get isClosed(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }
}

const END_OF_LINE = Buffer.from('\r\n');
let last: { readonly piece: Buffer; readonly chunk: Buffer } | undefined;

/** As HTTP/1.1 sends it. Many readers in turn are sent the same piece, which is made into a chunk once. */
function asChunk(piece: Buffer): Buffer {
  if (last?.piece !== piece) {
    const size = Buffer.from(`${piece.length.toString(16)}\r\n`);
    last = { piece, chunk: Buffer.concat([size, piece, END_OF_LINE]) };
  }
  return last.chunk;
}

/** What Node itself keeps in a request, and what is told of it when it is over. */
const KEPT = new Set<unknown>([
  ...Reflect.ownKeys(new IncomingMessage(new Socket())),
  ...['requestId', 'principal', 'method', 'originalUrl', 'baseUrl', 'route'],
]);

/** A request lives as long as its connection, with all that was ever hung on it: by Express, Passport and Nest. */
function letGo(request: IncomingMessage): void {
  for (const key of Reflect.ownKeys(request)) if (!KEPT.has(key)) Reflect.set(request, key, undefined);
  request.headers = {};
  request.rawHeaders = [];
}
