/** Its message is all a person at the terminal needs. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
