/** Errors whose message says what to change. Other errors are printed with their stack. */
export const READABLE = [
  'ConfigError',
  'EmbeddedPostgresError',
  'DataDirInUseError',
  'StartError',
  'BackupError',
  'SeedError',
  'EvalError',
];

/**
 * Runs a command-line program: it prints its progress line by line, and exits with code 1 when it fails.
 * @param about `failed`: the headline above the reason; `usage`: the output of `--help`
 */
export async function runProgram(
  { failed, usage }: { readonly failed: string; readonly usage?: string },
  work: (say: (line: string) => void) => Promise<void>,
): Promise<void> {
  if (usage !== undefined && process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    await work((line) => void process.stdout.write(`${line}\n`));
  } catch (error) {
    const { name, message, stack } = error as Error;
    process.stderr.write(`\n${failed}\n${READABLE.includes(name) ? message : (stack ?? message)}\n`);
    process.exit(1);
  }
}
