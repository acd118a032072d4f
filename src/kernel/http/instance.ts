import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationOptions, ValidationTypes } from 'class-validator';
import { invalid } from '../domain/errors.js';

type Held = Type<object> | NumberConstructor;

const HELD = Symbol('held');
const { NESTED_VALIDATION } = ValidationTypes;

/**
 * What a field holds, where that is more than JSON: instances of a class, or numbers, which a query writes as texts. It is said
 * in the options of a check, since those are what `PartialType`, `PickType` and the like take along.
 */
export const holding = (held: () => Held): ValidationOptions => ({ context: { [HELD]: held } });

/**
 * An instance of a class, whose fields say what they hold. All else is kept as it is, whatever the names in it:
 * class-transformer, which Nest would ask, leaves out those that every object knows. What is no object is left to be refused.
 * @throws Refusal `validation_error` for a property of such a name, which no class has, and which would pass for its own
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

/** @throws Error for a mistake of the author, about which whoever sends a body can do nothing: to be met in the first test */
function heldBy(type: Type<object>): ReadonlyMap<string, () => Held> {
  const kept = known.get(type);
  if (kept) return kept;
  const checks = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  if (checks.length === 0)
    throw new Error(`${type.name} says nothing of its fields: give each a decorator of #kernel/http/fields`);
  const held = new Map<string, () => Held>();
  for (const { propertyName, context } of checks) {
    const told = (context as { [HELD]?: () => Held } | undefined)?.[HELD];
    if (told) held.set(propertyName, told);
  }
  const mute = checks.find((check) => check.type === NESTED_VALIDATION && !held.has(check.propertyName));
  if (mute)
    throw new Error(
      `${type.name}.${mute.propertyName} says nothing of the class it holds: give it @ObjectOf or @ListOf of ` +
        '#kernel/http/fields. Nobody asks class-transformer here, so its @Type goes unheard.',
    );
  known.set(type, held);
  return held;
}
