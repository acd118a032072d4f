import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { Integration } from './integration.js';

export abstract class Integrations extends Store<Integration> {
  /** The tenant's integrations, newest first; with a page, at most `limit` older than `before`. */
  abstract newestFirst(
    tenantId: TenantId,
    page?: { readonly before: string | undefined; readonly limit: number },
  ): Promise<Integration[]>;
}
