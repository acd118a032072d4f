import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Refusal } from '#kernel/domain/errors';
import { clientNetwork } from '#kernel/net/client-network';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Failed attempts per minute. */
const MAX_PER_EMAIL = 10;
const MAX_PER_ADDRESS = 50;

/**
 * Throttles password guessing over all replicas. Only failures count, and exactly: the rate limiter hands out shares to
 * replicas and may be off by one share, which would allow additional guesses here.
 */
@Injectable()
export class SignInFailures {
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Runs an attempt, which fails by returning undefined. Attempts are serialised per e-mail address and per client, so that a
   * hundred concurrent guesses get no further than a hundred sequential ones.
   * @throws Refusal `rate_limit_exceeded`, without the attempt, after too many failures
   */
  async guard<T>(
    email: string,
    address: string,
    attempt: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const from = `address:${clientNetwork(address)}`;
    const subjects = { email: sha256Hex(`mail:${email}`), address: sha256Hex(from) };
    const tried = async (): Promise<T | undefined> => {
      await this.refuseAfter(MAX_PER_EMAIL, subjects.email);
      await this.refuseAfter(MAX_PER_ADDRESS, subjects.address);
      const outcome = await attempt();
      if (outcome === undefined) await this.record([subjects.email, subjects.address]);
      return outcome;
    };
    // Always in this order, which rules out deadlocks.
    return this.serialize(subjects.email, () => this.serialize(subjects.address, tried));
  }

  private async refuseAfter(max: number, subject: string): Promise<void> {
    // The failure that must be a minute old before there are fewer than `max`; no row when there are fewer already.
    const [due] = await this.unitOfWork.lookUp<{ seconds: string }>(
      `SELECT ceil(extract(epoch FROM failed_at + interval '1 minute' - clock_timestamp())) AS seconds
         FROM sign_in_failures WHERE subject_hash = $1 AND failed_at > clock_timestamp() - interval '1 minute'
        ORDER BY failed_at DESC OFFSET $2 LIMIT 1`,
      [subject, max - 1],
    );
    if (!due) return;
    const retryAfter = Math.max(1, Number(due.seconds));
    throw new Refusal(
      'rate_limit_exceeded',
      `Too many failed sign-in attempts; try again in ${retryAfter} s.`,
      {
        retryAfter,
      },
    );
  }

  private async record(subjects: readonly string[]): Promise<void> {
    await this.unitOfWork.lookUp('INSERT INTO sign_in_failures (subject_hash) SELECT unnest($1::text[])', [
      subjects,
    ]);
  }

  private async serialize<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.queues.get(key) ?? Promise.resolve()).then(work, work);
    this.queues.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.queues.get(key) === turn) this.queues.delete(key);
    }
  }
}
