const ERROR_LEVELS = /^(e|err|error|f|fatal|crit|critical|alert|emerg|emergency|severe|panic)$/i;
const DEBUG_LEVELS = /^(t|trace|d|debug|verbose)$/i;

// Failure words in messages of success: `0 errors`, `without failures`, `errors=0`.
const NEGATED =
  /\b(?:no|0|zero|without)\s+(?:errors?|failures?|exceptions?|warnings?)\b|\b(?:errors?|failures?|failed)\s{0,3}[=:]\s{0,3}0\b/gi;

/** A 5xx status, but not the response size after a status in an access log, a count or a duration. */
const SERVER_ERROR = String.raw`(?<!\b[1-5]\d\d\s{1,3})(?<!\b(?:of|in|took|after|size|limit|count|total|id|port)[ =:]{1,3})\b50[0234]\b(?!\s?(?:[munµ]?s|[kmg]?i?b|sec\w*|bytes|rows|items|records|entries|lines|messages|events|users|times|%)\b)`;

const FAILURE = new RegExp(
  String.raw`error|exception|\bfail|fatal|\bpanic|traceback|timed?.?out|refus|unreachable|\bdenied|unavailable|out of memory|\boom|\bkill(?:ed|ing)|reset by peer|broken pipe|deadlock|exhaust|reject|unauthori[sz]ed|forbidden|invalid|expired|overload|saturat|shedding|throttl|backoff|back-off|evict|unhealthy|crash|abort|corrupt|cannot |could not|unable to|no such|not found|no space|too many|exceeded|degraded|missed heartbeat|${SERVER_ERROR}`,
  'i',
);

const PROPAGATED = new RegExp(
  String.raw`upstream|downstream|no instances? available|bad gateway|gateway time.?out|connection (?:refused|reset)|http(?:server|client)error|internal ?server ?error|service ?unavailable|resource ?access|${SERVER_ERROR}|retries exhausted|remote (?:host|service)`,
  'i',
);

/** Whether an error line reports a failure of a dependency rather than of the service that logged it. */
export function isPropagatedError(message: string): boolean {
  return PROPAGATED.test(message.slice(0, SCANNED_CHARACTERS));
}

/** The start of a line is enough to classify it. */
const SCANNED_CHARACTERS = 1024;

/**
 * Whether a line reports a failure. A clear level decides (error and above: yes; debug and below: no); otherwise the
 * words do, since many programs log failures at `info` and many pipelines lose the level.
 */
export function isErrorLike(message: string, level: string | undefined): boolean {
  if (level !== undefined) {
    if (ERROR_LEVELS.test(level)) return true;
    if (DEBUG_LEVELS.test(level)) return false;
  }
  const start = message.length > SCANNED_CHARACTERS ? message.slice(0, SCANNED_CHARACTERS) : message;
  if (!FAILURE.test(start)) return false;
  return FAILURE.test(start.replaceAll(NEGATED, ''));
}
