import { Injectable, type Type } from '@nestjs/common';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';

export const BUILT_IN = 'built-in';
export const OIDC = 'oidc';

/** One message for every fault of a token, so that a forger learns nothing. */
export function unauthorized(cause?: unknown): Refusal {
  return new Refusal('unauthorized', 'Sign in: the request carries no valid token.', { cause });
}

/**
 * jsonwebtoken would ask the clock of the machine.
 * @param exp the claim, in unix seconds
 * @throws Refusal `unauthorized`
 */
export function unexpired(exp: number, clock: Clock): Date {
  const expiresAt = new Date(exp * 1000);
  if (expiresAt > clock.now()) return expiresAt;
  throw unauthorized(new Error('jwt expired'));
}

/** Runs a Passport strategy and sets `request.principal`. */
function tokenGuard(strategy: string): Type<IAuthGuard> {
  return class extends AuthGuard(strategy) {
    override getAuthenticateOptions(): { session: false; property: string } {
      return { session: false, property: 'principal' };
    }

    override handleRequest<P>(error: unknown, principal: P | false, why: unknown): P {
      if (error) throw error as Error;
      if (principal) return principal;
      if (why instanceof Error && 'isEndpointUnavailable' in why) {
        throw new Refusal('service_unavailable', 'The identity provider does not answer.', {
          retryAfter: 5,
          cause: why,
        });
      }
      throw unauthorized(why);
    }
  };
}

@Injectable()
export class BuiltInTokenGuard extends tokenGuard(BUILT_IN) {}

@Injectable()
export class OidcTokenGuard extends tokenGuard(OIDC) {}
