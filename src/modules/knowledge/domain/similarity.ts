import { maskVariables } from '#kernel/domain/mask-variables';
import { textTokens } from '#kernel/domain/text-tokens';

/** The parts of an alert that are compared. */
export interface AlertText {
  readonly title: string;
  readonly description: string;
  readonly service: string | null;
}

/** From this similarity on two alerts count as the same failure. */
export const MATCH_THRESHOLD = 0.85;

/** The suffix that Kubernetes appends to pod names. */
const POD_SUFFIX = /-[0-9a-f]{6,10}-[0-9a-z]{5}\b/gi;

const TITLE_SHARE = 0.7;
/** The same words about another service are another failure. */
const OTHER_SERVICE = 0.8;

/** Words that most alerts have, and words that distinguish kinds of failures; all others have weight 1. */
const GENERIC_WEIGHT = 0.3;
const SPECIFIC_WEIGHT = 3;
const GENERIC = words(
  'alert alarm alerting firing triggered critical warning high low above below over threshold value current minute ' +
    'second hour last more than greater less average avg rate level monitor instance host service production prod ' +
    'namespace cluster summary description num time hex uuid path been started reported detected please check',
);
const SPECIFIC = words(
  'cpu memory disk latency slow timeout error exception unavailable availability down outage connection pool queue lag ' +
    'replication certificate tls dns crash restart oom deadlock throttling quota unauthorized denied refused full ' +
    'saturation storage network packet login payment traffic job backup node pod',
);

/**
 * The similarity of two alerts, 0..1, symmetric and deterministic:
 *
 * `s = .7 · cos(title) + .3 · cos(description)`, `· .8` when both name a service and not the same one.
 *
 * `cos` is the cosine of weighted word vectors (1 + ln of the occurrences, times the weight of the word: .3 for words
 * of most alerts, 3 for words of a kind of failure). Numbers, ids, pod names, addresses and times are masked first, except HTTP
 * status codes, so the same alert at another time gives 1. When both descriptions are empty, only the titles count.
 */
export function similarity(a: AlertText, b: AlertText): number {
  return similarityTo(a)(b);
}

/** Compares one alert with many, and tokenises it only once. */
export function similarityTo(a: AlertText): (b: AlertText) => number {
  const [ofTitle, ofDescription] = [vector(a.title), vector(a.description)];
  return (b) => {
    const [otherTitle, otherDescription] = [vector(b.title), vector(b.description)];
    // Titles without words (only punctuation and numbers) are compared literally.
    const wordless = ofTitle.size + otherTitle.size === 0;
    const title = wordless ? Number(a.title.trim() === b.title.trim()) : cosine(ofTitle, otherTitle);
    const described = ofDescription.size + otherDescription.size > 0;
    const description = cosine(ofDescription, otherDescription);
    const text = described ? TITLE_SHARE * title + (1 - TITLE_SHARE) * description : title;
    return Math.min(1, differentServices(a, b) ? text * OTHER_SERVICE : text);
  };
}

/** The distinct words of a text by descending weight: specific words first, generic ones last. */
export function keywords(text: string): string[] {
  return [...vector(text)].sort((a, b) => b[1] - a[1]).map(([word]) => word);
}

/** Case and surrounding space differ between sources. Empty for no service. */
export function serviceKey(service: string | null): string {
  return service?.trim().toLowerCase() ?? '';
}

function differentServices(a: AlertText, b: AlertText): boolean {
  const [first, second] = [serviceKey(a.service), serviceKey(b.service)];
  return first !== '' && second !== '' && first !== second;
}

function vector(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return new Map([...counts].map(([token, n]) => [token, weight(token) * (1 + Math.log(n))]));
}

function tokens(text: string): string[] {
  // `503` is a status code, `503 ms` a duration.
  const coded = text
    .slice(0, 20_000)
    .replaceAll(/\b([45]\d\d)\b(?!\s*(?:ms|s|sec|%|[kmg]i?b)\b|[.,]\d)/gi, ' http$1 ');
  return textTokens(maskVariables(coded.replaceAll(POD_SUFFIX, ' ')));
}

function cosine(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let product = 0;
  for (const [token, value] of a) product += value * (b.get(token) ?? 0);
  // Rounded, so that an alert compared with itself gives exactly 1.
  return Math.min(1, Math.round((product / Math.sqrt(squared(a) * squared(b))) * 1e9) / 1e9);
}

function squared(vector: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const value of vector.values()) total += value * value;
  return total;
}

function weight(token: string): number {
  if (GENERIC.has(token)) return GENERIC_WEIGHT;
  return SPECIFIC.has(token) || /^http\d/.test(token) ? SPECIFIC_WEIGHT : 1;
}

function words(text: string): ReadonlySet<string> {
  return new Set(textTokens(text));
}
