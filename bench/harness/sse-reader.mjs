import { get } from 'node:http';
import { epochNow } from './clock.mjs';

/** A client of one tenant's stream that parses each frame. For few streams; StreamClients opens many and compares bytes. */
export class SseReader {
  #rest = '';
  #request;
  /** Whether the server or the network closed the stream. */
  ended = false;

  /** @param onFrame gets { id, text, at } of every frame that has an id; at is in milliseconds since 1970 */
  constructor(onFrame) {
    this.onFrame = onFrame;
  }

  /** Resolves when the stream is open: every later event is read. @param query filters of the stream */
  open(url, key, query = '') {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}` };
      this.#request = get(
        `${url}/v1/notifications/stream?${query}`,
        { headers, agent: false },
        (response) => {
          if (response.statusCode !== 200)
            return reject(new Error(`The stream responded with status ${response.statusCode}`));
          response.setEncoding('utf8').on('data', (text) => this.#read(text));
          response.once('close', () => (this.ended = true));
          response.once('data', resolve);
        },
      );
      this.#request.on('error', reject);
    });
  }

  close() {
    this.#request.destroy();
  }

  #read(text) {
    const at = epochNow();
    const frames = (this.#rest + text).split('\n\n');
    this.#rest = frames.pop();
    for (const frame of frames) {
      const [, id] = /^id: (.+)$/m.exec(frame) ?? [];
      if (id) this.onFrame({ id, text: frame, at });
    }
  }
}
