/** The evaluation cannot start; the message says what to change. */
export class EvalError extends Error {
  override readonly name = 'EvalError';
}
