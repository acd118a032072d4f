/** The signal that sets the clock. */
export const SETS_CLOCK = 'SIGUSR2';

/**
 * Runs in a process before anything else: the clock of its machine is ahead of the true one, or behind it. On the signal it is set
 * ahead by as much again.
 */
function setClock(byMs: number, signal: NodeJS.Signals): void {
  const { timeOrigin } = performance;
  const trueDate = Date;
  let aheadMs = byMs;
  const now = (): number => trueDate.now() + aheadMs;
  globalThis.Date = new Proxy(trueDate, {
    construct: (target, given, asked) =>
      Reflect.construct(target, given.length > 0 ? given : [now()], asked === Date ? target : asked) as Date,
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
  // As it was when the process started.
  Object.defineProperty(performance, 'timeOrigin', { value: timeOrigin + byMs });
  process.on(signal, () => (aheadMs += byMs));
}

/** The environment of a server on a machine with a wrong clock. */
export function wrongClock(aheadSeconds: number): { NODE_OPTIONS: string } {
  const script = `(${setClock.toString()})(${aheadSeconds * 1000}, '${SETS_CLOCK}')`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
}
