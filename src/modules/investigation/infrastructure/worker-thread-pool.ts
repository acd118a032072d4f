import { Worker } from 'node:worker_threads';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import type { Analyser } from '../application/analysis/analyser.js';
import {
  AnalyserLostError,
  AnalyserPool,
  type RemoteAnalyser,
} from '../application/analysis/analyser-pool.js';

/** A method call, sent to the thread. */
export interface CallMessage {
  readonly id: number;
  readonly name: keyof Analyser;
  readonly args: readonly unknown[];
}

/** The result of the call with the same id. */
export type ResultMessage = { readonly id: number } & (
  { readonly value: unknown } | { readonly error: unknown }
);

export interface PoolOptions {
  /** The module that a thread runs. */
  readonly script: URL;
  /** An idle thread is terminated after this time, which frees its memory. */
  readonly idleMs: number;
  /** A thread that has not replied for this long is considered hung and terminated. */
  readonly timeoutSeconds: number;
}

/** MiB. Objects of an analyser are garbage soon or live long; a larger young generation costs memory without being faster. */
const YOUNG_GENERATION_MB = 8;

/**
 * Runs each analyser in a worker thread, so that computing never blocks the event loop that serves requests and streams.
 * A thread is started on demand, serves one case at a time, so that a crash affects no other case, and is terminated when
 * idle. The pool has no size limit of its own: its callers limit concurrency.
 */
@Injectable()
export class WorkerThreadPool extends AnalyserPool implements OnApplicationShutdown {
  protected readonly options: PoolOptions = {
    script: new URL('./analyser-thread.js', import.meta.url),
    idleMs: 5_000,
    timeoutSeconds: 120,
  };
  private readonly idle: AnalyserThread[] = [];
  private readonly all = new Set<AnalyserThread>();

  constructor(@Inject(Config) private readonly config: Config) {
    super();
  }

  get threads(): number {
    return this.all.size;
  }

  async use<T>(signal: AbortSignal, work: (analyser: RemoteAnalyser) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const thread = this.idle.pop() ?? this.start();
    const terminate = (): void => {
      void thread.terminate(signal.reason as Error);
    };
    signal.addEventListener('abort', terminate);
    try {
      thread.acquire();
      return await work(thread.analyser);
    } finally {
      signal.removeEventListener('abort', terminate);
      if (thread.isAlive) {
        this.idle.push(thread);
        thread.release();
      }
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(
      [...this.all].map((thread) => thread.terminate(new AnalyserLostError('The server stops'))),
    );
  }

  private start(): AnalyserThread {
    const thread = new AnalyserThread(this.options, this.config.investigationMemoryMb, () => {
      this.all.delete(thread);
      const index = this.idle.indexOf(thread);
      if (index !== -1) this.idle.splice(index, 1);
    });
    this.all.add(thread);
    return thread;
  }
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread and its pending calls. */
class AnalyserThread {
  readonly analyser: RemoteAnalyser;
  isAlive = true;
  private readonly worker: Worker;
  private readonly pending = new Map<number, PendingCall>();
  private lastId = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private hangTimer: NodeJS.Timeout | undefined;

  /** @param onExit called once when the thread is lost, whatever the reason */
  constructor(
    private readonly options: PoolOptions,
    memoryMb: number,
    private readonly onExit: () => void,
  ) {
    const resourceLimits = {
      maxOldGenerationSizeMb: memoryMb,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    };
    this.worker = new Worker(options.script, { resourceLimits });
    this.worker
      .on('message', (message: ResultMessage) => {
        this.settle(message);
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        const isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        const why = isOutOfMemory ? `It needs more than ${memoryMb} MiB of memory` : error.message;
        this.fail(new AnalyserLostError(why, { cause: error }));
      })
      .on('exit', (code) => {
        this.fail(new AnalyserLostError(`Its thread ended with code ${code}`));
      });
    this.analyser = new Proxy({} as RemoteAnalyser, {
      // `await` would otherwise call a method `then` of the analyser.
      get: (_, name) =>
        name === 'then' ? undefined : (...args: unknown[]) => this.call(name as keyof Analyser, args),
    });
  }

  /** Marks the thread as in use, which keeps the process alive. */
  acquire(): void {
    clearTimeout(this.idleTimer);
    this.worker.ref();
  }

  /** Drops the case, and terminates the thread unless it is acquired again within `idleMs`. */
  release(): void {
    this.analyser.clear().catch(() => undefined);
    this.worker.unref();
    this.idleTimer = setTimeout(
      () => void this.terminate(new AnalyserLostError('It was idle')),
      this.options.idleMs,
    );
    this.idleTimer.unref();
  }

  /** Ends the thread at once, even mid-computation. Pending calls fail with `reason`. */
  async terminate(reason: Error): Promise<void> {
    this.fail(reason);
    await this.worker.terminate();
  }

  private call(name: keyof Analyser, args: readonly unknown[]): Promise<unknown> {
    const id = (this.lastId += 1);
    const result = new Promise<unknown>((resolve, reject) => {
      if (!this.isAlive) throw new AnalyserLostError('Its thread has ended');
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, args } satisfies CallMessage);
      this.restartHangTimer();
    });
    // A caller of several methods at once may only await the first failure; the others must not crash the process.
    result.catch(() => undefined);
    return result;
  }

  private settle({ id, ...result }: ResultMessage): void {
    const call = this.pending.get(id);
    this.pending.delete(id);
    this.restartHangTimer();
    if ('value' in result) call?.resolve(result.value);
    else call?.reject(result.error);
  }

  /** The time-out runs from the last message on, as long as a call is pending. */
  private restartHangTimer(): void {
    clearTimeout(this.hangTimer);
    if (this.pending.size === 0) return;
    const { timeoutSeconds } = this.options;
    this.hangTimer = setTimeout(() => {
      void this.terminate(new AnalyserLostError(`An agent took longer than ${timeoutSeconds} s`));
    }, timeoutSeconds * 1000);
  }

  private fail(reason: Error): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    clearTimeout(this.idleTimer);
    clearTimeout(this.hangTimer);
    for (const { reject } of this.pending.values()) reject(reason);
    this.pending.clear();
    this.onExit();
  }
}
