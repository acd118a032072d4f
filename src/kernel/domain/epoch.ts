/** 2001-09-09 in milliseconds: an epoch below it must be meant in seconds. */
const SMALLEST_MILLISECONDS = 1e12;
/** What a date can hold. Before 1970 nobody took anything down: such a time, say the year 1 that stands for none, is none. */
const LATEST = 8.64e15;
/** Python logs its milliseconds behind a comma. */
const WITHOUT_ZONE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)$/;
/** Of what else can be read as a time, that which says where: all other would be taken for the time of this server's zone. */
const WITH_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:.*(?:Z|UTC|GMT|[ECMP][SD]T|[+-]\d\d(?::?\d\d)?)$/i;

/**
 * A time that somebody else wrote, in milliseconds since 1970: a number of seconds or of milliseconds, or a text as RFC 3339 has
 * it, or with spaces between day, time and offset. Without an offset it is taken for UTC, wherever this server stands.
 * @returns undefined for what is none
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
