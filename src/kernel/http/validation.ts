import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { validate, type ValidationError } from 'class-validator';
import { type FieldFault, invalid, Refusal } from '../domain/errors.js';
import { plainToInstance } from './instance.js';

/** Types that declare no fields to check. */
const UNCHECKED: readonly unknown[] = [String, Boolean, Number, Array, Object, Buffer, Date, undefined];

/**
 * Validates every body, query and path against its class: unknown properties are refused, and the faults are listed. Not Nest's
 * ValidationPipe, whose options are global: the last one created sets them for all, so an extension's would change ours.
 */
export class FieldPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if (type === 'custom') return value;
    if (UNCHECKED.includes(metatype)) return converted(value, metadata);
    return validated(metatype as Type<object>, value ?? {});
  }
}

/** Converts a path or query parameter to its declared primitive type. */
function converted(value: unknown, { type, metatype, data = '' }: ArgumentMetadata): unknown {
  if (value === undefined || data === '' || type === 'body') return value;
  if (metatype === String) return Array.isArray(value) ? value.join() : value;
  if (metatype === Boolean) return value === 'true';
  if (metatype !== Number) return value;
  const number = Number(value);
  if (value === '' || Number.isNaN(number)) throw invalid(data, 'must be a number');
  return number;
}

/** Of one answer, which must not be many times as large as the request, whose sender may be anyone. */
const MAX_FAULTS = 100;

/**
 * The same validation for a body, or a part of it, that a handler reads itself.
 * @param path of the value in the body, such as `config`
 */
export async function validated<T extends object>(type: Type<T>, value: unknown, path = ''): Promise<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path || 'body', 'must be an object');
  const instance = plainToInstance(type, value);
  const errors = await validate(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false },
  });
  if (errors.length === 0) return instance;
  throw invalidFields(errors.flatMap((error) => faultsOf(error, path)));
}

export function invalidFields(faults: readonly FieldFault[]): Refusal {
  const details = faults.slice(0, MAX_FAULTS);
  const sentence = details.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new Refusal('validation_error', sentence, { details });
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

/** class-validator's messages contain the name; ours are the rest, so that a form can show them beside the field. */
function withoutName(message: string, name: string): string {
  const [before, ...after] = message.split(`${name} `);
  if (after.length === 0) return message;
  const rest = after.join(`${name} `);
  return before === 'each value in ' ? `has a value that ${rest}` : rest;
}
