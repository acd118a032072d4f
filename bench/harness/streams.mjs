import { fork } from 'node:child_process';
import { once } from 'node:events';

const GENERATOR = new URL('./stream-generator.mjs', import.meta.url).pathname;
const PATIENCE_MS = 60_000;

/** Many readers of one stream, in a process of their own. */
export class Readers {
  #child = fork(GENERATOR, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  /** @param wish { url, path, headers, clients, events? }: with `events`, those of the past are waited for, see `received` */
  async open(wish) {
    this.#child.send({ open: wish });
    await this.#answer('opened');
  }

  /** What is published from now on is counted. */
  async expect(events) {
    this.#child.send({ await: events });
    await this.#answer('armed');
  }

  /** @returns when they were opened and when the last reader had got the last event, in milliseconds since 1970 */
  received() {
    return this.#answer('received');
  }

  close() {
    this.#child.kill();
  }

  async #answer(name) {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const [message] = await once(this.#child, 'message', { signal: patience });
      if (message.error) throw new Error(message.error);
      if (message[name]) return message[name];
    }
  }
}

export function now() {
  return performance.timeOrigin + performance.now();
}
