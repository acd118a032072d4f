import { fileURLToPath } from 'node:url';
import { StartError } from '#kernel/config/start-error';
import { READABLE, runProgram } from './run-program.js';

const FRAME = /^ +at (?:.*\()?(?:async )?((?:file:\/\/)?\/.+):\d+:\d+\)?$/;
const KERNEL = new URL('kernel/', import.meta.url).href;

/** Comes before `serve`, which could have caught it. */
function report(error: unknown): void {
  void runProgram({ failed: 'CauseFlow could not start.' }, () => Promise.reject(explain(error)));
}

/** Names the file, with those lines of the stack that its author wrote. Returns an error of no such file unchanged. */
function explain(error: unknown): Error {
  if (!(error instanceof Error))
    return new StartError(`An extension threw this while it was imported: ${String(error)}`);
  const { name, message, stack = '' } = error;
  const frames = stack.split('\n').filter((line) => {
    const at = FRAME.exec(line)?.[1];
    return at !== undefined && !at.startsWith(KERNEL) && !at.includes('/node_modules/');
  });
  const at = FRAME.exec(frames[0] ?? '')?.[1];
  if (at === undefined) return error;
  const file = at.startsWith('file:') ? fileURLToPath(at) : at;
  const what = READABLE.includes(name) ? message : [`${name}: ${message}`, ...frames].join('\n');
  return new StartError(`${file} could not be imported: ${what}`, { cause: error });
}

process.on('uncaughtException', report);

/** All extensions are imported. */
export function importsAreDone(): void {
  process.off('uncaughtException', report);
}
