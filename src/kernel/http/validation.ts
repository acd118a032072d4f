import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { type FieldFault, Refusal } from '../domain/errors.js';
import { plainToInstance } from './instance.js';

class FieldPipe extends ValidationPipe {
  /** There is no `__proto__` in our JSON; what else this takes out are names that a body may well have. */
  protected override stripProtoKeys(): void {
    return;
  }
}

/**
 * Checks every body, query and path against its class: unknown properties are refused, and each fault is named.
 * @param place where the checked value lies in the body, such as `config`
 */
export function validation(place = ''): ValidationPipe {
  return new FieldPipe({
    transformerPackage: { plainToInstance, classToPlain: (instance) => instance as Record<string, unknown> },
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false },
    exceptionFactory: (errors) => {
      const details = errors.flatMap((error) => faultsOf(error, place));
      const sentence = details.map(({ field, message }) => `${field} ${message}`).join('; ');
      return new Refusal('validation_error', sentence, { details });
    },
  });
}

function faultsOf(error: ValidationError, parent: string): FieldFault[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    message: wordsFor(rule, error.value, withoutName(message, error.property)),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, field))];
}

function wordsFor(rule: string, value: unknown, otherwise: string): string {
  if (rule === 'whitelistValidation') return 'is not known here';
  return value === undefined ? 'is required' : otherwise;
}

/** The library's messages hold the name; ours are what comes behind it, so that a form can show them beside the field. */
function withoutName(message: string, name: string): string {
  const [before, ...after] = message.split(`${name} `);
  if (after.length === 0) return message;
  const rest = after.join(`${name} `);
  return before === 'each value in ' ? `has a value that ${rest}` : rest;
}

/** The same check for a body, or a part of one, that is read by hand. */
export async function validated<T extends object>(type: new () => T, value: unknown, place = ''): Promise<T> {
  return (await validation(place).transform(value, { type: 'body', metatype: type })) as T;
}
