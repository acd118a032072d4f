/** Printed in a terminal without its stack. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
