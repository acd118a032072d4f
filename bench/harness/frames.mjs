import { get } from 'node:http';
import { now } from './streams.mjs';

/** One reader of one tenant's stream, which looks into each frame. Few of these; Readers are many and compare bytes. */
export class FrameReader {
  #rest = '';
  #request;
  /** Whether the server, or the network, has ended it. */
  ended = false;

  /** @param take gets { id, text, at } of every frame that has an id; at in milliseconds since 1970 */
  constructor(take) {
    this.take = take;
  }

  /** Resolves when the stream is open: what happens from then on is read. @param query what of it is wanted */
  open(url, key, query = '') {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}` };
      this.#request = get(
        `${url}/v1/notifications/stream?${query}`,
        { headers, agent: false },
        (response) => {
          if (response.statusCode !== 200)
            return reject(new Error(`A stream answered ${response.statusCode}`));
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
    const at = now();
    const frames = (this.#rest + text).split('\n\n');
    this.#rest = frames.pop();
    for (const frame of frames) {
      const [, id] = /^id: (.+)$/m.exec(frame) ?? [];
      if (id) this.take({ id, text: frame, at });
    }
  }
}
