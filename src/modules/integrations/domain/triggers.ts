import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { Trigger } from './trigger.js';

export abstract class Triggers extends Store<Trigger> {
  /** The tenant's enabled triggers, oldest first. */
  abstract enabled(tenantId: TenantId): Promise<Trigger[]>;

  /** The tenant's triggers older than `before`, newest first, at most `limit`. */
  abstract newestFirst(tenantId: TenantId, before: string | undefined, limit: number): Promise<Trigger[]>;
}
