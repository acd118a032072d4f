import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node keeps the answer under way on the socket; its own handler asks there too. */
type HttpSocket = Socket & { readonly _httpMessage?: ServerResponse };

/**
 * Answers what Node's parser could not make a request of, such as endless headers, in the shape of every error. Nothing
 * else in this process ever sees it.
 */
export function answerUnreadable(_error: Error, socket: HttpSocket): void {
  // Into an answer that has begun, another one cannot be written.
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const message = 'The request could not be read.';
  const body = JSON.stringify({ error: 'validation_error', message, requestId });
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      '',
      body,
    ].join('\r\n'),
  );
}
