import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { newOpaqueToken } from '#kernel/crypto/secrets';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** Argon2id with the parameters that OWASP recommends, which are the library's own. */
@Injectable()
export class Passwords {
  /** Nobody's password: verified in the place of one that does not exist, so that the time tells nothing. */
  private readonly decoy = hash(newOpaqueToken());
  private readonly compared: Counter;

  constructor(metrics: Metrics) {
    this.compared = metrics.counter(
      'causeflow_password_checks',
      'Passwords compared with a stored hash, or with a decoy for an address that nobody has',
    );
  }

  hash(password: string): Promise<string> {
    return hash(password);
  }

  /** @param stored null or undefined when there is no such person, or one without a password */
  async matches(password: string, stored: string | null | undefined): Promise<boolean> {
    const matches = await verify(stored ?? (await this.decoy), password);
    this.compared.add();
    return matches && typeof stored === 'string';
  }
}
