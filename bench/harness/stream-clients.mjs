import { fork } from 'node:child_process';
import { once } from 'node:events';

const GENERATOR = new URL('./stream-generator.mjs', import.meta.url).pathname;
const TIMEOUT_MS = 60_000;

/** Many clients of one stream, in a child process. */
export class StreamClients {
  #child = fork(GENERATOR, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  /** @param stream { url, path, headers, clients, events? }: with `events`, that many past ones are expected, see `received` */
  async open(stream) {
    this.#child.send({ open: stream });
    await this.#message('opened');
  }

  /** Expects this number of events, published from now on. */
  async expect(events) {
    this.#child.send({ expect: events });
    await this.#message('ready');
  }

  /** @returns { begunAt, at }: when the streams were opened and when the last client got the last event, in ms since 1970 */
  received() {
    return this.#message('received');
  }

  close() {
    this.#child.kill();
  }

  async #message(name) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    for (;;) {
      const [message] = await once(this.#child, 'message', { signal: timeout });
      if (message.error) throw new Error(message.error);
      if (message[name]) return message[name];
    }
  }
}
