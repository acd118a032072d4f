/**
 * Sources name one service in many ways: `checkout`, `prod/checkout`, `checkout-7d9fbc6d8-x2x9l` (a pod),
 * `checkout-0` (a stateful pod), `Checkout`. This is the part that they share.
 */
export function serviceOf(entity: string): string {
  return entity
    .slice(0, 512)
    .toLowerCase()
    .trim()
    .replace(/^[^/]*\/(?=[^/]+$)/, '')
    .replace(/-[0-9a-f]{6,10}-[0-9a-z]{5}$/, '')
    .replace(/-\d{1,4}$/, '')
    .replaceAll(/[\s_.]+/g, '-');
}

export function sameService(a: string, b: string): boolean {
  return a === b || (a !== '' && serviceOf(a) === serviceOf(b));
}

/** Whether one name is the other with something appended: `checkout` and `checkout-api`. A hint, not an identity. */
export function resembles(a: string, b: string): boolean {
  const [first, second] = [serviceOf(a), serviceOf(b)];
  if (first === '' || second === '') return false;
  return first === second || first.startsWith(`${second}-`) || second.startsWith(`${first}-`);
}
