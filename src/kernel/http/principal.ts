import { SetMetadata } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { words } from '../domain/words.js';

export type UserRole = 'admin' | 'member';
export const API_KEY_SCOPES = words('ApiKeyScope', [
  'webhooks:write',
  'incidents:read',
  'incidents:write',
  'changes:write',
  'events:read',
]);
export type Scope = (typeof API_KEY_SCOPES)[number];

/**
 * Who calls: a person by her token, or a program by its API key. `credentials` counts a person's changes of role and
 * password: a token made under an earlier count is not good any more.
 */
export type Principal =
  | { readonly kind: 'user'; readonly id: string; readonly tenantId: TenantId; readonly role: UserRole; readonly email: string; readonly credentials: number; readonly expiresAt: Date }
  | { readonly kind: 'key'; readonly id: string; readonly tenantId: TenantId; readonly scopes: readonly Scope[]; readonly expiresAt: Date | null }; // prettier-ignore

export interface Access {
  /** Nobody need say who they are. */
  readonly public?: true;
  /** The role a person must have; any role when absent. */
  readonly role?: UserRole;
  /** The scope an API key must have; without it, keys are refused. */
  readonly scope?: Scope;
  /** A single-use `?ticket=` may stand in for the `Authorization` header: for browsers, whose EventSource sends none. */
  readonly ticket?: true;
}

export const ACCESS = Symbol('access');

/** `@Allow({ role: 'admin' })`, `@Allow({ scope: 'incidents:read' })`. Without it a route is for any person, and no key. */
export const Allow = (access: Access): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, access);
/** A route for everybody, such as `/health`. */
export const Public = (): MethodDecorator & ClassDecorator => Allow({ public: true });

export const UNCOUNTED = Symbol('uncounted');

/** A route that no rate limit counts, such as `/health`, or that counts its calls itself. */
export const Uncounted = (): MethodDecorator & ClassDecorator => SetMetadata(UNCOUNTED, true);
