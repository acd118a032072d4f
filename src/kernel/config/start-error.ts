/** Why a program did not start, in a sentence that says what to change. Printed in a terminal without its stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
