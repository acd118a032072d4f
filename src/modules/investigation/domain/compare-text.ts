/** Compares by code unit, which is the same on every machine, unlike `localeCompare`. Breaks every tie in this domain. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
