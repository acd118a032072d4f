import { Refusal } from '#kernel/domain/errors';
import { isUniqueViolation } from '#kernel/persistence/database-errors';

/**
 * Runs work that sets an e-mail address, which is unique in the installation.
 * @throws Refusal `already_exists` when another user has it
 */
export async function refuseTakenEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new Refusal('already_exists', 'An account with this e-mail address already exists.', { cause });
  }
}
