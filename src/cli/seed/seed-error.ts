/** Tells the caller what to change. Printed without a stack trace. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
}
