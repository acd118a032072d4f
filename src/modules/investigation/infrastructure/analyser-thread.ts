// Entry point of a worker thread. It holds one `Analyser`, calls its methods as messages ask for, and replies in order.
import { parentPort } from 'node:worker_threads';
import { Analyser } from '../application/analysis/analyser.js';
import type { CallMessage, ResultMessage } from './worker-thread-pool.js';

const analyser = new Analyser() as unknown as Record<
  keyof Analyser,
  (...args: readonly unknown[]) => unknown
>;

parentPort?.on('message', ({ id, name, args }: CallMessage) => {
  parentPort?.postMessage(resultOf(id, name, args));
});

function resultOf(id: number, name: keyof Analyser, args: readonly unknown[]): ResultMessage {
  try {
    return { id, value: analyser[name](...args) };
  } catch (error) {
    return { id, error };
  }
}
