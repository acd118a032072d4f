import { objectOf } from '../read-json.js';
import { textsOf } from './words.js';

/** A variable that the tool left as it stands in the template, or replaced by a word for nothing. */
const UNSET = /^(?:\$[\w[\]]+|\{[\w.:]+\}|\*UNKNOWN\*|null)?$/i;

/**
 * What a tool filled into a template that its user wrote: names are spelled in any way, and some lie in objects such as `alert`
 * or `metadata`. `alert_id`, `alertId`, `ALERT.ID` and `alert: { id }` are all `alertid`.
 */
export function variablesOf(body: unknown): Readonly<Record<string, string>> {
  const top = objectOf(body);
  const nested = Object.entries(top).flatMap(([outer, inner]) =>
    Object.entries(textsOf(inner)).flatMap(([name, text]) => [[name, text], [`${outer}${name}`, text]] as const),
  ); // prettier-ignore
  const all = [...nested, ...Object.entries(textsOf(top))];
  const set = all.filter(([, text]) => !UNSET.test(text.trim()));
  return Object.fromEntries(set.map(([name, text]) => [plainName(name), text]));
}

/** Only its letters, in lower case, and digits. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
