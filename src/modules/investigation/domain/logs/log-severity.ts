const ERROR_LEVELS = /^(e|err|error|f|fatal|crit|critical|alert|emerg|emergency|severe|panic)$/i;
const QUIET_LEVELS = /^(t|trace|d|debug|verbose)$/i;

// `0 errors`, `without failures`, `errors=0`: words of failure in a sentence of success.
const DENIED =
  /\b(?:no|0|zero|without)\s+(?:errors?|failures?|exceptions?|warnings?)\b|\b(?:errors?|failures?|failed)\s{0,3}[=:]\s{0,3}0\b/gi;

/** An answer of a failing server. Not the size that follows a status in an access log, nor a count or a duration. */
const SERVER_ERROR = String.raw`(?<!\b[1-5]\d\d\s{1,3})(?<!\b(?:of|in|took|after|size|limit|count|total|id|port)[ =:]{1,3})\b50[0234]\b(?!\s?(?:[munµ]?s|[kmg]?i?b|sec\w*|bytes|rows|items|records|entries|lines|messages|events|users|times|%)\b)`;

const FAILURE = new RegExp(
  String.raw`error|exception|\bfail|fatal|\bpanic|traceback|timed?.?out|refus|unreachable|\bdenied|unavailable|out of memory|\boom|\bkill(?:ed|ing)|reset by peer|broken pipe|deadlock|exhaust|reject|unauthori[sz]ed|forbidden|invalid|expired|overload|saturat|shedding|throttl|backoff|back-off|evict|unhealthy|crash|abort|corrupt|cannot |could not|unable to|no such|not found|no space|too many|exceeded|degraded|missed heartbeat|${SERVER_ERROR}`,
  'i',
);

const PASSED_ON = new RegExp(
  String.raw`upstream|downstream|no instances? available|bad gateway|gateway time.?out|connection (?:refused|reset)|http(?:server|client)error|internal ?server ?error|service ?unavailable|resource ?access|${SERVER_ERROR}|retries exhausted|remote (?:host|service)`,
  'i',
);

/** Whether a line of failure speaks of somebody else's failure, which its writer only met. */
export function isPassedOn(message: string): boolean {
  return PASSED_ON.test(message.slice(0, READ));
}

/** Only so much of a line is read for words: what failed stands at its start. */
const READ = 1024;

/**
 * Whether a line speaks of failure. A level decides when it is clear; else the words do, since many programs write
 * their troubles at `info` and many pipelines lose the level.
 */
export function isErrorLike(message: string, level: string | undefined): boolean {
  if (level !== undefined) {
    if (ERROR_LEVELS.test(level)) return true;
    if (QUIET_LEVELS.test(level)) return false;
  }
  const start = message.length > READ ? message.slice(0, READ) : message;
  if (!FAILURE.test(start)) return false;
  return FAILURE.test(start.replaceAll(DENIED, ''));
}
