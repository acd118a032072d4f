import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationOptions, ValidationTypes } from 'class-validator';
import { invalid } from '../domain/errors.js';

type Held = Type<object> | NumberConstructor;

const HELD = Symbol('held');
const { NESTED_VALIDATION } = ValidationTypes;

/**
 * Declares that a field holds more than plain JSON: instances of a class, or numbers, which are texts in a query. It is in the options
 * of a check, because `PartialType`, `PickType` and similar copy those.
 */
export const holding = (held: () => Held): ValidationOptions => ({ context: { [HELD]: held } });

/**
 * Makes an instance of a class from plain JSON, by the declarations of its fields. Everything else is kept unchanged, whatever its
 * keys (class-transformer, which Nest would use, drops keys such as `constructor`). A value that is not an object is returned as it is.
 * @throws Refusal `validation_error` for a property with the name of a member of Object.prototype, which would shadow it
 */
export function plainToInstance<T>(type: Type<T>, plain: unknown): T {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain as T;
  const held = heldBy(type as Type<object>);
  const made = new type();
  for (const [name, value] of Object.entries(plain)) {
    if (name in Object.prototype) throw invalid(name, 'is not known here');
    const holds = held.get(name);
    Reflect.set(made as object, name, holds ? heldOf(holds(), value) : value);
  }
  return made;
}

function heldOf(held: Held, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => heldOf(held, item));
  if (held !== Number) return plainToInstance(held as Type<object>, value);
  return typeof value === 'string' ? Number(value) : value;
}

const known = new WeakMap<Type<object>, ReadonlyMap<string, () => Held>>();

/** @throws Error for a class that is not fully declared: a mistake of its author, not of the sender, that the first test reveals */
function heldBy(type: Type<object>): ReadonlyMap<string, () => Held> {
  const kept = known.get(type);
  if (kept) return kept;
  const checks = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  if (checks.length === 0)
    throw new Error(`${type.name} says nothing of its fields: give each a decorator of #kernel/http/fields`);
  const held = new Map<string, () => Held>();
  for (const { propertyName, context } of checks) {
    const declared = (context as { [HELD]?: () => Held } | undefined)?.[HELD];
    if (declared) held.set(propertyName, declared);
  }
  const mute = checks.find((check) => check.type === NESTED_VALIDATION && !held.has(check.propertyName));
  if (mute)
    throw new Error(
      `${type.name}.${mute.propertyName} says nothing of the class it holds: give it @ObjectOf or @ListOf of ` +
        '#kernel/http/fields. class-transformer is not used here, so its @Type has no effect.',
    );
  known.set(type, held);
  return held;
}
