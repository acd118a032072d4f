import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationOptions, ValidationTypes } from 'class-validator';
import { invalid } from '../domain/errors.js';

type FieldType = Type<object> | NumberConstructor;

/** No class declares as many. Checking a megabyte of unknown ones would hold up everybody else, and anyone may send it. */
const MAX_PROPERTIES = 100;

const FIELD_TYPE = Symbol('fieldType');
const { NESTED_VALIDATION } = ValidationTypes;

/**
 * Declares the type of a field that is not plain JSON: a class, or numbers, which are texts in a query. It is in the options of a check,
 * because `PartialType`, `PickType` and similar copy those.
 */
export const ofType = (type: () => FieldType): ValidationOptions => ({ context: { [FIELD_TYPE]: type } });

/**
 * Makes an instance of a class from plain JSON, by the declarations of its fields. Everything else is kept unchanged, with all its
 * keys (class-transformer, which Nest would use, drops keys such as `constructor`). A value that is not an object is returned unchanged.
 * @throws Refusal `validation_error` for too many properties, and for one with the name of a member of Object.prototype, which would
 * shadow it
 */
export function plainToInstance<T>(type: Type<T>, plain: unknown): T {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain as T;
  const fieldTypes = fieldTypesOf(type as Type<object>);
  const instance = new type();
  const given = Object.entries(plain);
  if (given.length > MAX_PROPERTIES)
    throw invalid('body', `has an object of more than ${MAX_PROPERTIES} properties`);
  for (const [name, value] of given) {
    if (name in Object.prototype) throw invalid(name, 'is not known here');
    const fieldType = fieldTypes.get(name);
    Reflect.set(instance as object, name, fieldType ? converted(value, fieldType()) : value);
  }
  return instance;
}

function converted(value: unknown, type: FieldType): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => converted(item, type));
  if (type !== Number) return plainToInstance(type as Type<object>, value);
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
}

/** As in JSON: `Number` would also read an empty text, hexadecimal digits and spaces. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

const cache = new WeakMap<Type<object>, ReadonlyMap<string, () => FieldType>>();

/** @throws Error for a class that is not fully declared: a programming error that the first test reveals, not a fault of the sender */
function fieldTypesOf(type: Type<object>): ReadonlyMap<string, () => FieldType> {
  const cached = cache.get(type);
  if (cached) return cached;
  const checks = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  if (checks.length === 0)
    throw new Error(`${type.name} declares no fields: give each a decorator of #kernel/http/fields`);
  const fieldTypes = new Map<string, () => FieldType>();
  for (const { propertyName, context } of checks) {
    const declared = (context as { [FIELD_TYPE]?: () => FieldType } | undefined)?.[FIELD_TYPE];
    if (declared) fieldTypes.set(propertyName, declared);
  }
  const untyped = checks.find(
    (check) => check.type === NESTED_VALIDATION && !fieldTypes.has(check.propertyName),
  );
  if (untyped)
    throw new Error(
      `${type.name}.${untyped.propertyName} does not declare its class: give it @ObjectOf or @ListOf of ` +
        '#kernel/http/fields. class-transformer is not used here, so its @Type has no effect.',
    );
  cache.set(type, fieldTypes);
  return fieldTypes;
}
