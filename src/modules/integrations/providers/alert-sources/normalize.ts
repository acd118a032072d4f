import { createHash } from 'node:crypto';
import type { Severity } from '#kernel/domain/severity';
import { listOf } from '../read-json.js';

type Texts = Readonly<Record<string, string>>;

const SEVERITIES: Readonly<Record<Severity, RegExp>> = {
  critical: /^(?:critical|crit|fatal|emergency|disaster|catastrophic|urgent|highest|page|blocker|sev-?[01]|p[01])$/i,
  high: /^(?:high|error|err|major|severe|alert|sev-?2|p2)$/i,
  medium: /^(?:medium|warning|warn|average|moderate|normal|sev-?3|p3)$/i,
  low: /^(?:low|lowest|minor|notice|sev-?4|p4)$/i,
  info: /^(?:info|informational|information|none|ok|debug|trace|verbose|sev-?5|p5)$/i,
}; // prettier-ignore

/** Maps the usual names of severities to the five of CauseFlow. */
export function severityOf<Otherwise>(word: unknown, otherwise: Otherwise): Severity | Otherwise {
  if (typeof word !== 'string') return otherwise;
  const found = Object.entries(SEVERITIES).find(([, words]) => words.test(word.trim()));
  return found ? (found[0] as Severity) : otherwise;
}

/** The same for a priority, whose 1 to 5 are P1 to P5. */
export function severityOfPriority(priority: string | undefined): Severity {
  return severityOf(/^\d$/.test(priority ?? '') ? `P${priority}` : priority, 'medium');
}

const OVER =
  /^(?:resolved?|recover(?:ed|y)?|cancell?ed|ok|okay|closed?|clear(?:ed)?|end(?:ed)?|up|online|operational|normal|healthy|fixed|inactive|green|passed|success|succeeded)$/;

const SEVERE = /^(?:critical|warning)$/;

/** `not ok`, `un-resolved`, `above normal`, `failed to resolve`, `in recovery`. */
const NOT_OVER =
  /\b(?:not|no|non|un|never|cannot|can|above|below|partially)\b|\b(?:in|under|to) (?:resolve|recover|recovery)$/;

/** Whether a state or an event says that an alert is over: `Resolved`, `alert.closed`, `ALARM_CLEARED`. */
export function isOver(state: string | undefined): boolean {
  const words =
    (state ?? '')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  // `ResolvedCritical`, `POLICY_CLOSE_WARNING`: what is over was so severe.
  if (words.length > 1 && SEVERE.test(words.at(-1) ?? '')) words.pop();
  return words.length <= 3 && OVER.test(words.at(-1) ?? '') && !NOT_OVER.test(words.join(' '));
}

const SERVICE_LABELS = [
  'service', 'service_name', 'service.name', 'svc', 'microservice', 'app', 'application', 'app_kubernetes_io_name',
  'app.kubernetes.io/name', 'destination_service_name', 'deployment', 'statefulset', 'daemonset', 'container', 'job',
]; // prettier-ignore
const ENVIRONMENT_LABELS = [
  'environment', 'env', 'deployment_environment', 'deployment.environment', 'stage', 'tier',
]; // prettier-ignore

/** The value of an untrusted key, which may be the name of an inherited property such as `constructor`. */
export function lookUp<Meaning>(
  table: Readonly<Record<string, Meaning>>,
  word: unknown,
): Meaning | undefined {
  return typeof word === 'string' && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** From the labels that usually name it, the best first. */
export function serviceOf(labels: Texts): string | null {
  return nameIn(labels, SERVICE_LABELS);
}

export function environmentOf(labels: Texts): string | null {
  return nameIn(labels, ENVIRONMENT_LABELS);
}

/** A tag without a value is `true`, which names nothing. */
function nameIn(labels: Texts, names: readonly string[]): string | null {
  const name = names.find((one) => labels[one]?.trim() && labels[one] !== 'true');
  return (name && labels[name]) ?? null;
}

/** The first of these fields that is not blank. */
export function firstOf(texts: Texts, names: readonly string[]): string | undefined {
  const name = names.find((one) => texts[one]?.trim());
  return name && texts[name];
}

/** The strings of an untrusted object, with its numbers and booleans as strings. */
export function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>)
      .filter(([, text]) => typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean')
      .map(([name, text]) => [name, String(text)]),
  );
}

/** Those of the named fields that are not empty. */
export function onlyOf(texts: Texts, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (texts[name] ? [[name, texts[name]]] : [])));
}

/** Tags such as `service:checkout,env:production`, in one string or in a list; a tag without a value is `true`. */
export function tagsFrom(tags: unknown): Record<string, string> {
  const list =
    typeof tags === 'string' ? tags.split(',') : listOf(tags).filter((tag) => typeof tag === 'string');
  const pairs = list.map((tag) => /^([^:]*)(?::(.*))?$/s.exec(tag.trim()));
  return Object.fromEntries(
    pairs.flatMap((pair) => (pair?.[1] ? [[pair[1].trim(), pair[2]?.trim() ?? 'true']] : [])),
  );
}

/** Pairs in an object, or in a list of `{ name, value }` or `{ Key, Value }`. */
export function pairsOf(pairs: unknown): Record<string, string> {
  if (!Array.isArray(pairs)) return textsOf(pairs);
  return Object.fromEntries(
    pairs.map(textsOf).map(inLowerCase).flatMap(({ name, key = name, value }) => (key && value ? [[key, value]] : [])),
  ); // prettier-ignore
}

/** The same with names in lower case. */
export function inLowerCase(texts: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name.toLowerCase(), text]));
}

/** An id for an alert that has none: the same for the same labels in any order. */
export function idOf(labels: Texts): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}
