/** 2001-09-09 in milliseconds: a smaller number is taken for seconds. */
const SMALLEST_MILLISECONDS = 1e12;
/** The largest Date. Times before 1970 are placeholders, such as the year 1, and count as none. */
const LATEST = 8.64e15;
/** Python separates milliseconds with a comma. */
const WITHOUT_ZONE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)$/;
/** Other formats only with a zone: Date.parse would take them for this server's local time otherwise. */
const WITH_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:.*(?:Z|UTC|GMT|[ECMP][SD]T|[+-]\d\d(?::?\d\d)?)$/i;

/**
 * Parses a time from another system into milliseconds since 1970: a number of seconds or milliseconds, or an RFC 3339 text, also with
 * spaces between date, time and offset. Without an offset it is UTC, whatever this server's zone is.
 * @returns undefined when it is not a time
 */
export function epochOf(time: unknown): number | undefined {
  const epoch = typeof time === 'number' ? ofNumber(time) : typeof time === 'string' ? ofText(time) : NaN;
  return epoch >= 0 && epoch <= LATEST ? epoch : undefined;
}

function ofNumber(time: number): number {
  return Math.round(Math.abs(time) < SMALLEST_MILLISECONDS ? time * 1000 : time);
}

function ofText(time: string): number {
  const [, day, hour] = WITHOUT_ZONE.exec(time) ?? [];
  if (day !== undefined && hour !== undefined) return Date.parse(`${day}T${hour.replace(',', '.')}Z`);
  return WITH_ZONE.test(time) ? Date.parse(time) : NaN;
}
