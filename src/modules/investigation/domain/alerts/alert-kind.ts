import { maskVariables } from '#kernel/domain/mask-variables';
import type { AlertSignal } from '../evidence/evidence.js';
import { serviceOf } from '../evidence/service-name.js';
import { beginning } from '../wording.js';

/** What identifies an alert across storms: its entity and its rule, without values of the moment. */
export type AlertKind = Pick<AlertSignal, 'entity' | 'signal' | 'about' | 'caller'>;

interface Alert {
  readonly title: string;
  readonly service: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

const MAX_SIGNAL_LENGTH = 200;
/** Values by which a service mesh labels a workload that it does not know. */
const UNKNOWN: ReadonlySet<string> = new Set(['', 'unknown']);
/** Labels that name the entity, most specific to a service first. */
const ENTITY_LABELS: readonly string[] = ['service', 'app', 'deployment', 'pod', 'job', 'host', 'instance'];
/** Labels that name the alerting rule, and therefore contain no values of the moment. */
const RULE_LABELS: readonly string[] = ['alertname', 'rule', 'monitor'];

/** Pairs of labels by which service meshes and service graphs name both sides of a call. */
const CALL_LABELS: readonly (readonly [caller: string, callee: string])[] = [
  ['caller', 'callee'],
  ['client', 'server'],
  ['source_canonical_service', 'destination_canonical_service'],
  ['source_workload', 'destination_workload'],
  ['source_app', 'destination_app'],
  ['source_service', 'destination_service'],
  ['deployment', 'dst_deployment'],
  ['service', 'peer_service'],
  ['service', 'peer.service'],
];
const CALL_SENTENCE = /\b(?:calls?|requests?) from ([a-z][\w.-]*) to ([a-z][\w.-]*\w)/i;
/** Words for log messages, as opposed to transaction logs or the disk space of logs. */
const LOG_WORDS =
  /\blog (?:lines?|messages?|entr(?:y|ies)|patterns?|errors?)\b|\berror logs\b|\b(?:errors?|exceptions?|warnings?|lines?|messages?) in (?:the |its )?logs?\b|\blogged\b/i;

/**
 * `about` is `trace` when the alert names both sides of a call (the entity is then the callee), `log` when it says that
 * something was logged, otherwise `metric`.
 * @returns undefined when the alert does not name an entity
 */
export function alertKind(alert: Alert): AlertKind | undefined {
  const { title, service, tags } = alert;
  const rule = labelOf(tags, RULE_LABELS);
  const signal = beginning((rule ?? maskVariables(title)).trim(), MAX_SIGNAL_LENGTH);
  const call = callOf(alert);
  const named = call?.callee ?? service ?? labelOf(tags, ENTITY_LABELS);
  if (named === undefined || signal === '') return undefined;
  const entity = serviceOf(named);
  if (entity === '') return undefined;
  if (call) return { entity, signal, about: 'trace', caller: serviceOf(call.caller) };
  const isLogged = LOG_WORDS.test(title) || (rule !== undefined && LOG_WORDS.test(asWords(rule)));
  return { entity, signal, about: isLogged ? 'log' : 'metric' };
}

function callOf({ title, service, tags }: Alert): { caller: string; callee: string } | undefined {
  for (const [from, to] of CALL_LABELS) {
    const caller = labelOf(tags, [from]) ?? (from === 'service' ? (service ?? undefined) : undefined);
    const callee = labelOf(tags, [to]);
    if (caller !== undefined && callee !== undefined) return { caller, callee };
  }
  const [, caller, callee] = CALL_SENTENCE.exec(title) ?? [];
  return caller !== undefined && callee !== undefined ? { caller, callee } : undefined;
}

/** `TooManyErrorLogs` and `error_logs` as separate words. */
export function asWords(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
}

function labelOf(tags: Alert['tags'], names: readonly string[]): string | undefined {
  const known = names.find((name) => Object.hasOwn(tags, name) && !UNKNOWN.has(tags[name] ?? ''));
  return known === undefined ? undefined : tags[known];
}
