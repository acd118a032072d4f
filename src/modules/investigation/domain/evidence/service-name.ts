import { beginning } from '../wording.js';

/**
 * Sources name one service in many ways: `checkout`, `prod/checkout`, `checkout-7d9fbc6d8-x2x9l` (a pod), `Checkout`.
 * This is the part that they share. A number at the end stays: `node-1` and `node-2` are two.
 */
export function serviceOf(entity: string): string {
  return beginning(entity, 512)
    .toLowerCase()
    .trim()
    .replace(/^[a-z0-9-]+\/(?=[a-z0-9._ -]+$)/, '')
    .replace(/-[0-9a-f]{6,10}-[0-9a-z]{5}$/, '')
    .replaceAll(/[\s_.]+/g, '-');
}

/** `checkout` of `checkout-0`, a stateful pod. */
export function withoutOrdinal(service: string): string {
  return service.replace(/-\d{1,4}$/, '');
}

export function sameService(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [serviceOf(a), serviceOf(b)];
  if (first === '' || second === '') return false;
  return first === second || withoutOrdinal(first) === second || first === withoutOrdinal(second);
}

/** Whether one name is the other with something appended: `checkout` and `checkout-api`. A hint, not an identity. */
export function resembles(a: string, b: string): boolean {
  const [first, second] = [serviceOf(a), serviceOf(b)];
  if (first === '' || second === '') return false;
  return first === second || first.startsWith(`${second}-`) || second.startsWith(`${first}-`);
}
