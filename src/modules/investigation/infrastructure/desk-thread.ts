// A thread with one desk in it. What it is asked comes as messages, and is answered in their order.
import { parentPort } from 'node:worker_threads';
import { Desk } from '../application/desk.js';
import type { Answer, Question } from './threaded-desks.js';

const desk = new Desk() as unknown as Record<keyof Desk, (...args: readonly unknown[]) => unknown>;

parentPort?.on('message', ({ id, name, args }: Question) => {
  parentPort?.postMessage(answerTo(id, name, args));
});

function answerTo(id: number, name: keyof Desk, args: readonly unknown[]): Answer {
  try {
    return { id, value: desk[name](...args) };
  } catch (error) {
    return { id, error };
  }
}
