import type { Notice } from '../../api.js';

/** The alerts of a body are in the order of time: one that fires again after its recovery is not over. */
export function inEffect(notices: readonly Notice[]): Notice[] {
  const firedAt = new Map<string, number>();
  for (const [at, { state, sourceAlertId }] of notices.entries())
    if (state === 'firing') firedAt.set(sourceAlertId, at);
  return notices.filter(
    ({ state, sourceAlertId }, at) => state === 'firing' || at > (firedAt.get(sourceAlertId) ?? -1),
  );
}
