export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param faults one sentence each, naming the variable */
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}
