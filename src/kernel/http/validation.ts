import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { validate, type ValidationError } from 'class-validator';
import { type FieldFault, invalid, Refusal } from '../domain/errors.js';
import { plainToInstance } from './instance.js';

/** Types that say nothing about what is in a value. */
const MUTE: readonly unknown[] = [String, Boolean, Number, Array, Object, Buffer, Date, undefined];

/**
 * Checks every body, query and path against its class: unknown properties are refused, and each fault is named. Not Nest's own
 * pipe, which keeps what the one that was made last is told, for all pipes: an extension's would change how ours reads.
 */
export class FieldPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if (type === 'custom') return value;
    if (MUTE.includes(metatype)) return spelled(value, metadata);
    return validated(metatype as Type<object>, value ?? {});
  }
}

/** A part of an address as what its parameter is declared to be. */
function spelled(value: unknown, { type, metatype, data = '' }: ArgumentMetadata): unknown {
  if (value === undefined || data === '' || type === 'body') return value;
  if (metatype === String) return Array.isArray(value) ? value.join() : value;
  if (metatype === Boolean) return value === 'true';
  if (metatype !== Number) return value;
  const number = Number(value);
  if (value === '' || Number.isNaN(number)) throw invalid(data, 'must be a number');
  return number;
}

/**
 * The same check for a body, or a part of one, that is read by hand.
 * @param place where the checked value lies in the body, such as `config`
 */
export async function validated<T extends object>(type: Type<T>, value: unknown, place = ''): Promise<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(place || 'body', 'must be an object');
  const made = plainToInstance(type, value);
  const errors = await validate(made, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false },
  });
  if (errors.length === 0) return made;
  const details = errors.flatMap((error) => faultsOf(error, place));
  const sentence = details.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Refusal('validation_error', sentence, { details });
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
