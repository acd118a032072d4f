import type { TenantId } from './ids.js';

interface Owned {
  readonly tenantId: TenantId;
}

/**
 * Each tenant once, in the order of the ids: whoever locks rows of several tenants goes along in this order, so that two
 * who meet wait for each other in one direction only.
 */
export function tenantsOf(items: readonly Owned[]): TenantId[] {
  return [...new Set(items.map(({ tenantId }) => tenantId))].sort();
}

/** What is each tenant's, in the order in which it came; the tenants as above. */
export function byTenant<T extends Owned>(items: readonly T[]): Map<TenantId, T[]> {
  const grouped = new Map(tenantsOf(items).map((tenantId) => [tenantId, [] as T[]]));
  for (const item of items) grouped.get(item.tenantId)?.push(item);
  return grouped;
}
