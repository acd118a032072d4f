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
 * The caller: a user with a token, or a program with an API key. `credentials` is incremented when the role or password of a user
 * changes, which invalidates their earlier tokens.
 */
export type Principal =
  | { readonly kind: 'user'; readonly id: string; readonly tenantId: TenantId; readonly role: UserRole; readonly email: string; readonly credentials: number; readonly expiresAt: Date }
  | { readonly kind: 'key'; readonly id: string; readonly tenantId: TenantId; readonly scopes: readonly Scope[]; readonly expiresAt: Date | null }; // prettier-ignore

export interface Access {
  /** No authentication. */
  readonly public?: true;
  /** The role that a user must have; any role when absent. */
  readonly role?: UserRole;
  /** The scope that an API key must have; when absent, keys are refused. */
  readonly scope?: Scope;
  /** Accepts a single-use `?ticket=` instead of the `Authorization` header, which the EventSource of browsers cannot send. */
  readonly ticket?: true;
}

export const ACCESS = Symbol('access');

/** `@Allow({ role: 'admin' })`, `@Allow({ scope: 'incidents:read' })`. Without it a route is for any user, and for no API key. */
export const Allow = (access: Access): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, access);
/** A route without authentication, such as `/health`. */
export const Public = (): MethodDecorator & ClassDecorator => Allow({ public: true });

export const UNCOUNTED = Symbol('uncounted');

/** A route without a rate limit, such as `/health`, or one that counts its calls itself. */
export const Uncounted = (): MethodDecorator & ClassDecorator => SetMetadata(UNCOUNTED, true);
