import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { newOpaqueToken } from '#kernel/crypto/secrets';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** Argon2id with the parameters that OWASP recommends, which are the library's defaults. */
@Injectable()
export class Passwords {
  /** Verified when there is no stored hash, so that response times do not reveal which addresses exist. */
  private readonly decoy = hash(newOpaqueToken());
  private readonly compared: Counter;

  constructor(metrics: Metrics) {
    this.compared = metrics.counter(
      'causeflow_password_checks',
      'Passwords compared with a stored hash, or with a decoy for an unknown address',
    );
  }

  hash(password: string): Promise<string> {
    return hash(password);
  }

  /** @param stored null or undefined when there is no such user, or one without a password */
  async matches(password: string, stored: string | null | undefined): Promise<boolean> {
    const matches = await verify(stored ?? (await this.decoy), password);
    this.compared.add();
    return matches && typeof stored === 'string';
  }
}
