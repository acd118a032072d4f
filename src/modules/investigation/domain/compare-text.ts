/** Orders by code unit: the same on every machine, unlike `localeCompare`. Every tie in this domain is broken by it. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
