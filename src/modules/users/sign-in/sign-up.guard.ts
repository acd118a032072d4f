import { type CanActivate, Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Refusal } from '#kernel/domain/errors';

/** A guard, so that it runs before the body is validated. */
@Injectable()
export class SignUpGuard implements CanActivate {
  constructor(@Inject(Config) private readonly config: Config) {}

  canActivate(): boolean {
    if (this.config.signupEnabled) return true;
    throw new Refusal('forbidden', 'Registration is disabled (SIGNUP_ENABLED); ask an admin to add you.');
  }
}
