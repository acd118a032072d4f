import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { invalid } from '../domain/errors.js';

type Held = Type<object> | NumberConstructor;

const HELD = Symbol('held');

/** What a field holds, where that is more than JSON: instances of a class, or numbers, which a query writes as texts. */
export const Holds = (held: () => Held): PropertyDecorator => Reflect.metadata(HELD, held);

/**
 * An instance of a class, whose fields say what they hold. All else is kept as it is, whatever the names in it:
 * class-transformer, which Nest would ask, leaves out those that every object knows. What is no object is left to be refused.
 * @throws Refusal `validation_error` for a property of such a name, which no class has, and which would pass for its own
 */
export function plainToInstance<T>(type: Type<T>, plain: unknown): T {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain as T;
  const made = new type();
  for (const [name, value] of Object.entries(plain)) {
    if (name in Object.prototype) throw invalid(name, 'is not known here');
    const held = Reflect.getMetadata(HELD, type.prototype as object, name) as (() => Held) | undefined;
    Reflect.set(made as object, name, held ? heldOf(held(), value) : value);
  }
  return made;
}

function heldOf(held: Held, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => heldOf(held, item));
  if (held !== Number) return plainToInstance(held as Type<object>, value);
  return typeof value === 'string' ? Number(value) : value;
}
