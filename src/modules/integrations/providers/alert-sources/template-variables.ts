import { objectOf } from '../read-json.js';
import { textsOf } from './normalize.js';

/** A variable that the tool did not substitute, or substituted with a placeholder for no value. */
const UNSET =
  /^(?:\$[\w[\]]+\$?|\{[\w.:]+\}|\*(?:UNKNOWN|(?:monitor|alert|ssl)[A-Z]\w*|insert [^*]*)\*|[Nn]ull|NULL)?$/;

/** The name of an object is copied to each variable nested in it. */
const MAX_NAME = 100;

/**
 * The variables of a template that the tool's user wrote, whatever their spelling and whether or not they are nested in objects
 * such as `alert` or `metadata`: `alert_id`, `alertId`, `ALERT.ID` and `alert: { id }` are all `alertid`.
 */
export function variablesOf(body: unknown): Readonly<Record<string, string>> {
  const nested = Object.values(objectOf(body)).flatMap((inner) => Object.entries(textsOf(inner)));
  return { ...plainly(nested), ...qualifiedVariablesOf(body) };
}

/** The same, without the bare names of nested ones: `service: { name }` is `servicename` and not `name`. */
export function qualifiedVariablesOf(body: unknown): Readonly<Record<string, string>> {
  const top = objectOf(body);
  const nested = Object.entries(top).flatMap(([outer, inner]) =>
    outer.length > MAX_NAME ? [] : Object.entries(textsOf(inner)).map(([name, text]) => [`${outer}${name}`, text] as const),
  ); // prettier-ignore
  return plainly([...nested, ...Object.entries(textsOf(top))]);
}

function plainly(variables: readonly (readonly [string, string])[]): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, text] of variables) if (!UNSET.test(text.trim())) set[plainName(name)] = text;
  return set;
}

/** Lower-case letters and digits only. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
