import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { BUILT_IN } from './built-in.strategy.js';
import { unauthorized } from './unauthorized.js';

/** Runs one of passport's strategies and puts the caller on the request. */
@Injectable()
export class BuiltInTokenGuard extends AuthGuard(BUILT_IN) {
  override getAuthenticateOptions(): { session: false; property: string } {
    return { session: false, property: 'principal' };
  }

  override handleRequest<P>(error: unknown, principal: P | false, why: unknown): P {
    if (error) throw error as Error;
    if (!principal) throw unauthorized(why);
    return principal;
  }
}
