import { Worker } from 'node:worker_threads';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import type { Desk } from '../application/desk.js';
import { DeskLostError, Desks, type RemoteDesk } from '../application/desks.js';

export interface Question {
  readonly id: number;
  readonly name: keyof Desk;
  readonly args: readonly unknown[];
}

/** How threads are treated. */
export interface Ways {
  /** What runs in one. */
  readonly script: URL;
  /** A thread that nobody needed for so long is given back to the system, with its memory. */
  readonly idleMs: number;
  /** No step of a case takes so long unless it is stuck. */
  readonly mostSeconds: number;
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: unknown });

/** MiB. What a desk reads is soon garbage or kept for long; a large nursery makes it no faster, only larger. */
const NURSERY_MB = 8;

/**
 * Each desk in a thread of its own, so that whoever serves requests and streams never waits for one that thinks. Threads
 * are started when there is work, lent to one case at a time, so that one that breaks takes no other case along, and
 * dropped when they have nothing to do. How many there are is up to those who work: there is one for each.
 */
@Injectable()
export class ThreadedDesks extends Desks implements OnApplicationShutdown {
  protected readonly ways: Ways = {
    script: new URL('./desk-thread.js', import.meta.url),
    idleMs: 5_000,
    mostSeconds: 120,
  };
  private readonly idle: DeskThread[] = [];
  private readonly all = new Set<DeskThread>();

  constructor(@Inject(Config) private readonly config: Config) {
    super();
  }

  get threads(): number {
    return this.all.size;
  }

  async use<T>(signal: AbortSignal, work: (desk: RemoteDesk) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const thread = this.idle.pop() ?? this.start();
    const takeAway = (): void => {
      void thread.end(signal.reason as Error);
    };
    signal.addEventListener('abort', takeAway);
    try {
      thread.wake();
      return await work(thread.desk);
    } finally {
      signal.removeEventListener('abort', takeAway);
      if (thread.isAlive) {
        this.idle.push(thread);
        thread.rest();
      }
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.all].map((thread) => thread.end(new DeskLostError('The server stops'))));
  }

  private start(): DeskThread {
    const thread = new DeskThread(this.ways, this.config.investigationMemoryMb, () => {
      this.all.delete(thread);
      const place = this.idle.indexOf(thread);
      if (place !== -1) this.idle.splice(place, 1);
    });
    this.all.add(thread);
    return thread;
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread, and what it has not answered yet. */
class DeskThread {
  readonly desk: RemoteDesk;
  isAlive = true;
  private readonly worker: Worker;
  private readonly asked = new Map<number, Waiting>();
  private ids = 0;
  private idle: NodeJS.Timeout | undefined;
  private stuck: NodeJS.Timeout | undefined;

  constructor(
    private readonly ways: Ways,
    memoryMb: number,
    private readonly gone: () => void,
  ) {
    const resourceLimits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: NURSERY_MB };
    this.worker = new Worker(ways.script, { resourceLimits });
    this.worker
      .on('message', (answer: Answer) => {
        this.take(answer);
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        const why = isFull ? `It needs more than ${memoryMb} MiB of memory` : error.message;
        this.lose(new DeskLostError(why, { cause: error }));
      })
      .on('exit', (code) => {
        this.lose(new DeskLostError(`Its thread ended with code ${code}`));
      });
    this.desk = new Proxy({} as RemoteDesk, {
      // Not a promise, although an `await` would take whatever has a `then` for one.
      get: (_, name) =>
        name === 'then' ? undefined : (...args: unknown[]) => this.ask(name as keyof Desk, args),
    });
  }

  /** It has work again, and the process does not end before it is done. */
  wake(): void {
    clearTimeout(this.idle);
    this.worker.ref();
  }

  /** Lets go of the case, and of the thread itself when it gets no other one for a while. */
  rest(): void {
    this.desk.clear().catch(() => undefined);
    this.worker.unref();
    this.idle = setTimeout(() => void this.end(new DeskLostError('Nobody needed it')), this.ways.idleMs);
    this.idle.unref();
  }

  /** At once, in the middle of whatever it computes. */
  async end(reason: Error): Promise<void> {
    this.lose(reason);
    await this.worker.terminate();
  }

  private ask(name: keyof Desk, args: readonly unknown[]): Promise<unknown> {
    const id = (this.ids += 1);
    const answer = new Promise<unknown>((resolve, reject) => {
      if (!this.isAlive) throw new DeskLostError('Its thread has ended');
      this.asked.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, args } satisfies Question);
      this.timeOut();
    });
    // Of several questions at once the first that fails tells; the others must not end the process.
    answer.catch(() => undefined);
    return answer;
  }

  private take({ id, ...answer }: Answer): void {
    const waiting = this.asked.get(id);
    this.asked.delete(id);
    this.timeOut();
    if ('value' in answer) waiting?.resolve(answer.value);
    else waiting?.reject(answer.error);
  }

  /** From the last sign of life on, as long as an answer is due. */
  private timeOut(): void {
    clearTimeout(this.stuck);
    if (this.asked.size === 0) return;
    const { mostSeconds } = this.ways;
    const lost = (): void => void this.end(new DeskLostError(`An agent took longer than ${mostSeconds} s`));
    this.stuck = setTimeout(lost, mostSeconds * 1000);
  }

  private lose(reason: Error): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    clearTimeout(this.idle);
    clearTimeout(this.stuck);
    for (const { reject } of this.asked.values()) reject(reason);
    this.asked.clear();
    this.gone();
  }
}
