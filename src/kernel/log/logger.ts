import type { LoggerService } from '@nestjs/common';
import { destination as outputTo, pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { isError, redactFields, redactText } from './redact.js';

/** Pino does not show the fields of a child logger to `formatters`, so the likely ones are listed. */
const CHILD_SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'apiKey',
  'credentials',
];
const STACK = /^.+\n\s+at /;
/** So many bytes of lines wait for whoever reads them. */
const MOST_WAITING = 16 * 1024 * 1024;

/** One line of JSON per fact, on standard output unless told otherwise; nothing secret, and no bodies. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: redactFields,
    },
    redact: { paths: [...CHILD_SECRETS, '["x-api-key"]'], censor: '[redacted]' },
    // `log` has described errors already; pino's own description would add what hangs on them.
    serializers: { err: (described: unknown) => described },
    // The last look at the finished line, for secrets inside messages, which have no name to be found by.
    hooks: { streamWrite: redactText },
  };
  return pino(options, destination ?? standardOutput());
}

/** Left to itself pino would end the process over a line for which the disk has no room, and keep any number for a slow reader. */
function standardOutput(): DestinationStream {
  const output = outputTo({ dest: 1, maxLength: MOST_WAITING });
  output.on('error', () => undefined);
  return output;
}

/** Who tells of each module and route at every start: hundreds of lines that only a maintainer asks for. */
const START_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Nest's own messages in the same form; the context Nest gives becomes the field `logger`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest calls with (message, …details, context), and on errors with a stack text somewhere before the context. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const isStack = (value: unknown): value is string => typeof value === 'string' && STACK.test(value);
    const context = typeof rest.at(-1) === 'string' && !isStack(rest.at(-1)) ? rest.at(-1) : undefined;
    const others = [message, ...(context === undefined ? rest : rest.slice(0, -1))].filter(
      (value) => value !== undefined,
    );
    const texts = others.filter((value): value is string => typeof value === 'string' && !isStack(value));
    const err = others.find(isError);
    const stack = others.find(isStack);
    const details = others.filter((value) => typeof value !== 'string' && value !== err);
    // One object is the fields of the line; several have no names to be told apart by.
    const [only, ...more] = details;
    const fields = isRecord(only) && more.length === 0 ? only : details.length > 0 ? { details } : {};
    const quiet = level === 'info' && START_UP.has(String(context)) ? 'debug' : level;
    this.logger[quiet](
      { logger: context, ...(err && { err }), stack, ...fields },
      texts.length > 0 ? texts.join(' ') : err?.message,
    );
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
