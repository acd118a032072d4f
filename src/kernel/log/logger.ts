import type { LoggerService } from '@nestjs/common';
import { destination as outputTo, pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { isError, redactFields, redactText } from './redact.js';

/** Pino does not pass the fields of child loggers to `formatters`, so the likely secrets are listed. */
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
/** Lines buffered for a slow reader of standard output; further ones are dropped. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** One line of JSON per entry, on standard output by default, without secrets and without bodies. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: redactFields,
    },
    redact: { paths: [...CHILD_SECRETS, '["x-api-key"]'], censor: '[redacted]' },
    // `log` has serialised errors already; pino's serialiser would add their extra properties.
    serializers: { err: (described: unknown) => described },
    // On the finished line, for secrets inside messages, which no field name reveals.
    hooks: { streamWrite: redactText },
  };
  return pino(options, destination ?? standardOutput());
}

/** By default pino ends the process when a line cannot be written (a full disk), and buffers without a limit for a slow reader. */
function standardOutput(): DestinationStream {
  const output = outputTo({ dest: 1, maxLength: MAX_BUFFERED_BYTES });
  output.on('error', () => undefined);
  return output;
}

/** Loggers that report every module and route at start: hundreds of lines, so they are at debug level. */
const START_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Nest's messages in the same format; Nest's context becomes the field `logger`. */
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

  /** Nest calls with (message, …details, context), and for errors with a stack somewhere before the context. */
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
    // A single object becomes the fields of the line; several go into `details`.
    const [only, ...more] = details;
    const isSingle = isRecord(only) && more.length === 0;
    const fields = isSingle ? only : { ...(details.length > 0 && { details }) };
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
