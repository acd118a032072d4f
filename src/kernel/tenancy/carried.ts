import { AsyncLocalStorage } from 'node:async_hooks';

const values = new AsyncLocalStorage<readonly unknown[]>();
/** A place for each that there is. */
const nothing: unknown[] = [];

/**
 * Something that work carries along to all that it leads to, as an `AsyncLocalStorage` does. All of them share one of
 * those: before Node 24, each that there is marks every promise, timer and tick of the process.
 */
export class Carried<T> {
  private readonly place = nothing.push(undefined) - 1;

  get(): T | undefined {
    return values.getStore()?.[this.place] as T | undefined;
  }

  run<R>(value: T, work: () => R): R {
    const all = (values.getStore() ?? nothing).slice();
    all[this.place] = value;
    return values.run(all, work);
  }
}
