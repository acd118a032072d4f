import { maskVariables } from '#kernel/domain/mask-variables';
import { serviceOf } from '../evidence/service-name.js';

/** What an alert says about whom, so that it is the same each time the same goes off. */
export interface AlertKind {
  readonly entity: string;
  readonly signal: string;
}

interface Alert {
  readonly title: string;
  readonly service: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

const LONGEST = 200;
/** Labels that name who an alert is about, the most telling first. */
const WHO: readonly string[] = ['service', 'app', 'deployment', 'pod', 'job', 'host', 'instance'];
/** Labels that name the rule that fired, which no value of the moment is a part of. */
const WHAT: readonly string[] = ['alertname', 'rule', 'monitor'];

/** None when the alert does not say whom it is about. */
export function alertKind({ title, service, tags }: Alert): AlertKind | undefined {
  const named = service ?? labelOf(tags, WHO);
  if (named === undefined) return undefined;
  const entity = serviceOf(named);
  const signal = (labelOf(tags, WHAT) ?? maskVariables(title)).trim().slice(0, LONGEST);
  return entity === '' || signal === '' ? undefined : { entity, signal };
}

function labelOf(tags: Alert['tags'], names: readonly string[]): string | undefined {
  const known = names.find((name) => Object.hasOwn(tags, name) && tags[name] !== '');
  return known === undefined ? undefined : tags[known];
}
