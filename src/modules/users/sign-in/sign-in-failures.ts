import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Refusal } from '#kernel/domain/errors';
import { clientNetwork } from '#kernel/net/client-network';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Failures within a minute. */
const MOST_PER_MAIL = 10;
const MOST_PER_ADDRESS = 50;

/**
 * Holds up whoever guesses passwords, on all replicas together. Only failures count, and to the very last one: a limiter
 * that deals out shares would be off by a share, and here that is a guess.
 */
@Injectable()
export class SignInFailures {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Runs an attempt, which fails by answering undefined. Attempts for one mail address take turns, and so do those
   * from one client, so that a hundred guesses at once are no more than a hundred one after the other.
   * @throws Refusal `rate_limit_exceeded`, without the attempt, after too many failures
   */
  async unlessTooMany<T>(
    mail: string,
    address: string,
    attempt: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const from = `address:${clientNetwork(address)}`;
    const subjects = { mail: sha256Hex(`mail:${mail}`), address: sha256Hex(from) };
    const tried = async (): Promise<T | undefined> => {
      await this.refuseAfter(MOST_PER_MAIL, subjects.mail);
      await this.refuseAfter(MOST_PER_ADDRESS, subjects.address);
      const outcome = await attempt();
      if (outcome === undefined) await this.note([subjects.mail, subjects.address]);
      return outcome;
    };
    // Always in this order, so that no two wait for each other.
    return this.inTurn(subjects.mail, () => this.inTurn(subjects.address, tried));
  }

  private async refuseAfter(most: number, subject: string): Promise<void> {
    // The failure that has to grow a minute old before there are fewer than `most`, if there are as many.
    const [due] = await this.unitOfWork.lookUp<{ seconds: string }>(
      `SELECT ceil(extract(epoch FROM failed_at + interval '1 minute' - clock_timestamp())) AS seconds
         FROM sign_in_failures WHERE subject_hash = $1 AND failed_at > clock_timestamp() - interval '1 minute'
        ORDER BY failed_at DESC OFFSET $2 LIMIT 1`,
      [subject, most - 1],
    );
    if (!due) return;
    const retryAfter = Math.max(1, Number(due.seconds));
    throw new Refusal('rate_limit_exceeded', `Too many failures to sign in; try again in ${retryAfter} s.`, {
      retryAfter,
    });
  }

  private async note(subjects: readonly string[]): Promise<void> {
    await this.unitOfWork.lookUp('INSERT INTO sign_in_failures (subject_hash) SELECT unnest($1::text[])', [
      subjects,
    ]);
  }

  private async inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(key) ?? Promise.resolve()).then(work, work);
    this.turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(key) === turn) this.turns.delete(key);
    }
  }
}
