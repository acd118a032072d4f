import { Refusal } from '#kernel/domain/errors';

/** One sentence for everything that can be wrong with a token: whoever forged it learns nothing. */
export function unauthorized(cause?: unknown): Refusal {
  return new Refusal('unauthorized', 'Sign in: the request carries no valid token.', { cause });
}
