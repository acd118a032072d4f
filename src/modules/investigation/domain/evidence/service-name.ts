import { beginning } from '../wording.js';

/**
 * The normalised name of a service, which sources spell in many ways: `checkout`, `prod/checkout`, `Checkout`,
 * `checkout-7d9fbc6d8-x2x9l` (a pod). A trailing number is kept: `node-1` and `node-2` are two entities.
 */
export function serviceOf(entity: string): string {
  return beginning(entity, 512)
    .toLowerCase()
    .trim()
    .replace(/^[a-z0-9-]+\/(?=[a-z0-9._ -]+$)/, '')
    .replace(/-[0-9a-f]{6,10}-[0-9a-z]{5}$/, '')
    .replaceAll(/[\s_.]+/g, '-');
}

/** Strips the ordinal of a StatefulSet pod: `checkout` of `checkout-0`. */
export function withoutOrdinal(service: string): string {
  return service.replace(/-\d{1,4}$/, '');
}

export function sameService(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [serviceOf(a), serviceOf(b)];
  if (first === '' || second === '') return false;
  return first === second || withoutOrdinal(first) === second || first === withoutOrdinal(second);
}

/** Whether one name is a prefix of the other: `checkout` and `checkout-api`. A hint, not an identity. */
export function resembles(a: string, b: string): boolean {
  const [first, second] = [serviceOf(a), serviceOf(b)];
  if (first === '' || second === '') return false;
  return first === second || first.startsWith(`${second}-`) || second.startsWith(`${first}-`);
}
