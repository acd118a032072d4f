import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import { ResponseSink } from './response-sink.js';

/** The second one is too large to be encoded once for all subscribers. */
const CHUNKS = ['one', 'x'.repeat(100_000), 'two'];

let server: Server;
let port: number;
let endHeld: () => void = () => undefined;
beforeAll(async () => {
  const chunks = CHUNKS.map((chunk) => Buffer.from(chunk));
  server = createServer((request, response) => {
    if (request.url === '/held') {
      endHeld = () => response.end('held');
      return;
    }
    ResponseSink.whenHandedOver(response as unknown as Response, (sink) => {
      for (const chunk of chunks) sink.write(chunk);
      void sink.end();
      endHeld();
    });
    response.writeHead(200).flushHeaders();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
});

/** Sends raw bytes and reads until the connection ends. */
function exchange(sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(sent));
  return text(socket);
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

function withoutChunks(body: string): string {
  const [line = ''] = body.split('\r\n', 1);
  const [from, size] = [line.length + 2, parseInt(line, 16)];
  return size > 0 ? body.slice(from, from + size) + withoutChunks(body.slice(from + size + 2)) : '';
}

describe('what is written to a stream arrives in order and complete', () => {
  it('at each of several subscribers', async () => {
    const bodies = await Promise.all(
      [1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    expect(bodies).toEqual(Array(3).fill(CHUNKS.join('')));
  });

  it('at an HTTP/1.0 client, which does not know chunked encoding', async () => {
    expect(bodyOf(await exchange('GET / HTTP/1.0\r\n\r\n'))).toBe(CHUNKS.join(''));
  });

  it('at a client with an earlier, unanswered request on the same connection', async () => {
    const first = 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n';
    const second = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const both = await exchange(first + second);
    const at = both.lastIndexOf('HTTP/1.1 200');
    expect(bodyOf(both.slice(0, at))).toBe('held');
    expect(withoutChunks(bodyOf(both.slice(at)))).toBe(CHUNKS.join(''));
  });
});
