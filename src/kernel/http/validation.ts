import { type ArgumentMetadata, ValidationPipe, type ValidationError } from '@nestjs/common';
import { type FieldFault, notFound, Refusal } from '../domain/errors.js';

/**
 * Checks every body, query and path against its class: unknown properties are refused, and each fault is named.
 * @param place where the checked value lies in the body, such as `config`
 */
export function validation(place = ''): ValidationPipe {
  return new StorableValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => {
      const details = errors.flatMap((error) => faultsOf(error, place));
      return new Refusal('validation_error', details.map(({ message }) => message).join('; '), { details });
    },
  });
}

/** An address may hold a NUL, as `%00`, which PostgreSQL cannot; bodies are looked through when they are parsed. */
class StorableValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'param' && holdsNul(value)) throw notFound('thing');
    if (metadata.type === 'query' && holdsNul(value)) {
      throw new Refusal('validation_error', 'The query holds a NUL character.');
    }
    return super.transform(value, metadata);
  }
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNul);
}

function faultsOf(error: ValidationError, parent: string): FieldFault[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, field))];
}

/** The same check for a body, or a part of one, that is read by hand. */
export async function validated<T extends object>(type: new () => T, value: unknown, place = ''): Promise<T> {
  return (await validation(place).transform(value, { type: 'body', metatype: type })) as T;
}
