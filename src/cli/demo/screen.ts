import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const SYMBOLS: readonly (readonly [prefix: string, symbol: string, style: Style])[] = [
  ['incident.', '●', 'cyan'],
  ['investigation.known', '★', 'yellow'],
  ['investigation.', '🔎', 'white'],
  ['remediation.', '🛠', 'magenta'],
  ['approval.', '✋', 'yellow'],
  ['knowledge.', '★', 'green'],
];

/** Prints to the terminal and asks the user for decisions. */
export class Screen {
  constructor(private readonly alwaysYes: boolean) {}

  headline(text: string): void {
    process.stdout.write(`\n${styleText(['bold'], plain(text))}\n`);
  }

  line(text: string): void {
    process.stdout.write(`  ${plain(text)}\n`);
  }

  quote(text: string): void {
    for (const part of text.split('\n'))
      process.stdout.write(`    ${styleText('dim', '│')} ${plain(part)}\n`);
  }

  event(timestamp: string, name: string, data: Readonly<Record<string, unknown>>): void {
    const [, symbol, style] = SYMBOLS.find(([prefix]) => name.startsWith(prefix)) ?? ['', '·', 'gray'];
    const clock = styleText('dim', timestamp.slice(11, 23));
    process.stdout.write(
      `  ${clock} ${symbol} ${styleText(style, name.padEnd(34))} ${plain(summaryOf(data))}\n`,
    );
  }

  async ask(question: string): Promise<boolean> {
    const prompt = `\n  ${styleText(['bold', 'yellow'], '?')} ${plain(question)} [y/N] `;
    if (this.alwaysYes) {
      process.stdout.write(`${prompt}yes (--yes)\n`);
      return true;
    }
    // Nothing would be read, and its end not be told again.
    if (process.stdin.readableEnded) {
      process.stdout.write(`${prompt}no\n`);
      return false;
    }
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl+C ends the demo, as it does between questions.
    terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      // Ctrl+D counts as no.
      const answer = await Promise.race([
        terminal.question(prompt),
        new Promise<string>((resolve) => terminal.once('close', () => resolve('no'))),
      ]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      terminal.close();
    }
  }
}

/** The readable part of a payload, without ids. */
function summaryOf(data: Readonly<Record<string, unknown>>): string {
  const { previousStatus, newStatus, agentName, message, stepIndex, totalSteps } = data as Record<
    string,
    string
  >;
  if (newStatus !== undefined) return `${previousStatus} → ${newStatus}`;
  if (agentName !== undefined) return `[${stepIndex}/${totalSteps} ${agentName}] ${message}`;
  const fields = [
    'rootCause',
    'matchedTitle',
    'title',
    'summary',
    'outcome',
    'decision',
    'reason',
    'expiresAt',
  ];
  const found = fields.map((name) => data[name]).find((value): value is string => typeof value === 'string');
  const text = found ?? ('rootCause' in data ? 'no root cause was found' : '');
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}

/** Alerts are untrusted: they must not send control sequences to the terminal. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
