/** Says what to change; told without a stack. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
}
