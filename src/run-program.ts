/** Their messages say what to change. Of any other error the place where it happened is told too. */
const READABLE = [
  'ConfigError',
  'EmbeddedPostgresError',
  'DataDirInUseError',
  'StartError',
  'BackupError',
  'SeedError',
  'EvalError',
];

/**
 * What every program of ours is: some work that tells people in lines what it does, and exit code 1 when it fails.
 * @param about `failed`: the headline over the reason; `usage`: what `--help` answers, before anything is done
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
