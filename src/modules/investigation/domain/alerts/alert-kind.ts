import { maskVariables } from '#kernel/domain/mask-variables';
import type { AlertSignal } from '../evidence/evidence.js';
import { serviceOf } from '../evidence/service-name.js';
import { beginning } from '../wording.js';

/** What an alert says about whom, so that it is the same each time the same goes off. */
export type AlertKind = Pick<AlertSignal, 'entity' | 'signal' | 'about' | 'caller'>;

interface Alert {
  readonly title: string;
  readonly service: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

const LONGEST = 200;
/** What a mesh says of who it does not know. */
const NOBODY: ReadonlySet<string> = new Set(['', 'unknown']);
/** Labels that name who an alert is about, the most telling first. */
const WHO: readonly string[] = ['service', 'app', 'deployment', 'pod', 'job', 'host', 'instance'];
/** Labels that name the rule that fired, which no value of the moment is a part of. */
const WHAT: readonly string[] = ['alertname', 'rule', 'monitor'];

/** Labels of service meshes and service graphs that name the two sides of a call: who calls, and whom. */
const CALLS: readonly (readonly [caller: string, callee: string])[] = [
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
const CALL = /\b(?:calls?|requests?) from ([a-z][\w.-]*) to ([a-z][\w.-]*\w)/i;
/** What is logged, not what a log takes of a disk. */
const OF_MESSAGES =
  /\blog (?:lines?|messages?|entr(?:y|ies)|patterns?|errors?)\b|\berror logs\b|\b(?:errors?|exceptions?|warnings?|lines?|messages?) in (?:the |its )?logs?\b|\blogged\b/i;

/**
 * About a call where the alert names both of its sides, about a message where it says that something was logged, else
 * about a metric. Of a call the one that is called is meant. None when the alert does not say whom it is about.
 */
export function alertKind(alert: Alert): AlertKind | undefined {
  const { title, service, tags } = alert;
  const rule = labelOf(tags, WHAT);
  const signal = beginning((rule ?? maskVariables(title)).trim(), LONGEST);
  const call = callOf(alert);
  const named = call?.callee ?? service ?? labelOf(tags, WHO);
  if (named === undefined || signal === '') return undefined;
  const entity = serviceOf(named);
  if (entity === '') return undefined;
  if (call) return { entity, signal, about: 'trace', caller: serviceOf(call.caller) };
  const isLogged = OF_MESSAGES.test(title) || (rule !== undefined && OF_MESSAGES.test(asWords(rule)));
  return { entity, signal, about: isLogged ? 'log' : 'metric' };
}

function callOf({ title, service, tags }: Alert): { caller: string; callee: string } | undefined {
  for (const [from, to] of CALLS) {
    const caller = labelOf(tags, [from]) ?? (from === 'service' ? (service ?? undefined) : undefined);
    const callee = labelOf(tags, [to]);
    if (caller !== undefined && callee !== undefined) return { caller, callee };
  }
  const [, caller, callee] = CALL.exec(title) ?? [];
  return caller !== undefined && callee !== undefined ? { caller, callee } : undefined;
}

/** `TooManyErrorLogs` and `error_logs` as words. */
export function asWords(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
}

function labelOf(tags: Alert['tags'], names: readonly string[]): string | undefined {
  const known = names.find((name) => Object.hasOwn(tags, name) && !NOBODY.has(tags[name] ?? ''));
  return known === undefined ? undefined : tags[known];
}
