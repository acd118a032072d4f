import type { TenantId } from './ids.js';

interface Owned {
  readonly tenantId: TenantId;
}

/**
 * Each tenant once, ordered by id. Transactions that lock rows of several tenants lock them in this order, so that they cannot
 * deadlock.
 */
export function tenantsOf(items: readonly Owned[]): TenantId[] {
  return [...new Set(items.map(({ tenantId }) => tenantId))].sort();
}

/** The items of each tenant in their original order; tenants ordered by id. */
export function byTenant<T extends Owned>(items: readonly T[]): Map<TenantId, T[]> {
  const grouped = new Map(tenantsOf(items).map((tenantId) => [tenantId, [] as T[]]));
  for (const item of items) grouped.get(item.tenantId)?.push(item);
  return grouped;
}
