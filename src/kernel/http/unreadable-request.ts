import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node keeps the current response on the socket, and its default handler checks it too. */
type HttpSocket = Socket & { readonly _httpMessage?: ServerResponse };

/**
 * Answers input that Node's parser rejects, such as endless headers, with the error envelope. Nothing else in this process sees
 * such a request.
 */
export function answerUnreadable(_error: Error, socket: HttpSocket): void {
  // A second response cannot be written into one that has begun.
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
