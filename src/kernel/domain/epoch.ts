const WITHOUT_ZONE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/;
const A_TIME = /^\d{4}-\d\d-\d\d[T ]/;

/**
 * A time that somebody else wrote, in milliseconds since 1970: as RFC 3339 has it, or with spaces between day, time and
 * offset. Without an offset it is taken for UTC, wherever this server stands. NaN for what is none.
 */
export function epochOf(text: string): number {
  const [, day, time] = WITHOUT_ZONE.exec(text) ?? [];
  if (day !== undefined && time !== undefined) return Date.parse(`${day}T${time}Z`);
  return A_TIME.test(text) ? Date.parse(text) : NaN;
}
