import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsISO8601, IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max,
  Min, ValidateIf, ValidateNested, NotEquals,
} from 'class-validator'; // prettier-ignore
import { EMAIL, LONGEST_EMAIL } from '../domain/email.js';
import type { IdPrefix } from '../domain/ids.js';
import { ofType } from './instance.js';

/**
 * One schema language. Each decorator declares a field once: class-validator checks it, and OpenAPI, AsyncAPI and the generated
 * clients are derived from it. Plain class-validator and @nestjs/swagger decorators work beside them, and so do `PartialType` and
 * similar; those of class-transformer (`@Type`, `@Transform`, `@Exclude`) have no effect, because it is not used.
 */
interface Common {
  /** For the API documents: a phrase without a full stop. */
  readonly summary?: string;
  readonly example?: unknown;
  /** May be absent. */
  readonly optional?: boolean;
  /** May be `null`. */
  readonly nullable?: boolean;
  readonly default?: unknown;
}

const documented = new Map<string, Set<unknown>>();

/** Names shared by several documented classes: @nestjs/swagger would show one of them in place of the others. */
export function sharedNames(): string[] {
  return [...documented].filter(([, classes]) => classes.size > 1).map(([name]) => name);
}

function remember({ constructor: type }: object): void {
  const namesakes = documented.get(type.name);
  if (namesakes) namesakes.add(type);
  else documented.set(type.name, new Set([type]));
}

function field(common: Common, api: ApiPropertyOptions, ...checks: PropertyDecorator[]): PropertyDecorator {
  const { summary, example, optional, nullable } = common;
  const property = {
    ...api,
    required: !optional,
    ...(summary !== undefined && { description: summary }),
    ...(example !== undefined && { example }),
    ...(nullable && { nullable: true }),
    ...(common.default !== undefined && { default: common.default }),
  } as ApiPropertyOptions;
  return applyDecorators(
    remember,
    ApiProperty(property),
    // null is not "left out": it must be refused where the field cannot be null
    ...(optional && nullable ? [IsOptional()] : []),
    ...(optional && !nullable ? [ValidateIf((_, value) => value !== undefined)] : []),
    ...(!optional && nullable ? [ValidateIf((_, value) => value !== null)] : []),
    ...checks,
  );
}

/** Any documented property; combine it with further checks. */
export function Field(
  options: Common & { type: 'string' | 'number' | 'boolean'; maxLength?: number },
): PropertyDecorator {
  const checks = options.maxLength === undefined ? [] : [IsString(), Length(0, options.maxLength)];
  return field(
    options,
    { type: options.type, ...(options.maxLength && { maxLength: options.maxLength }) },
    ...checks,
  );
}

/**
 * Text of `min`..`max` characters that is not only white space.
 * @param options.format and `pattern` are documented; another decorator checks them
 */
export function Text(
  options: Common & { min?: number; max: number; blank?: boolean; format?: string; pattern?: string },
): PropertyDecorator {
  const { min = 1, max, blank = false, format, pattern } = options;
  return field(
    options,
    {
      type: 'string',
      minLength: min,
      maxLength: max,
      ...(format && { format }),
      ...(pattern && { pattern }),
    },
    IsString(),
    Length(min, max),
    ...(blank || min === 0 ? [] : [Matches(/\S/, { message: '$property must not be blank' })]),
  );
}

/** Not of the format `email`, which knows neither `admin@localhost` nor letters beyond ASCII. */
export function Email(options: Common = {}): PropertyDecorator {
  return field(
    { summary: 'An e-mail address', example: 'ada@example.com', ...options },
    { type: 'string', maxLength: LONGEST_EMAIL },
    IsString(),
    Length(3, LONGEST_EMAIL),
    Matches(EMAIL, { message: '$property must be an e-mail address' }),
  );
}

/** A value of an enumeration. */
export function OneOf(values: readonly string[], options: Common = {}): PropertyDecorator {
  return field(options, { enum: [...values] }, IsIn([...values]));
}

interface Ranged {
  readonly min?: number;
  readonly max?: number;
  /** Query parameters are texts, so a numeric text is converted; in a body it is refused. */
  readonly inQuery?: boolean;
}

export function Whole(options: Common & Ranged): PropertyDecorator {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, inQuery = false } = options;
  return field(
    options,
    { type: 'integer', minimum: min, maximum: max },
    IsInt(inQuery ? ofType(() => Number) : {}),
    Min(min),
    Max(max),
  );
}

export function Fraction(options: Common & Ranged = {}): PropertyDecorator {
  const { min = 0, max = 1, inQuery = false } = options;
  return field(
    options,
    { type: 'number', minimum: min, maximum: max },
    IsNumber({}, inQuery ? ofType(() => Number) : {}),
    Min(min),
    Max(max),
  );
}

export function Flag(options: Common = {}): PropertyDecorator {
  return field(options, { type: 'boolean' }, IsBoolean());
}

/**
 * The form of ISO 8601 that RFC 3339 also allows: JavaScript or PostgreSQL cannot parse weeks, days of the year, fractions of any
 * length and offsets that no place has.
 */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/** A moment, as an ISO 8601 text. */
export function Moment(options: Common = {}): PropertyDecorator {
  return field(
    { example: '2026-03-01T12:00:00.000Z', ...options },
    { type: 'string', format: 'date-time' },
    IsISO8601({ strict: true, strictSeparator: true }),
    Matches(MOMENT, { message: '$property must be an ISO 8601 time with Z or an offset' }),
  );
}

const SAMPLE_ULID = '01HX9VTPQR3KF8MZWBYD5N6JCE';

export function IdOf(prefix: IdPrefix | readonly IdPrefix[], options: Common = {}): PropertyDecorator {
  const prefixes = [prefix].flat();
  const pattern = `^(${prefixes.join('|')})_[0-7][0-9A-HJKMNP-TV-Z]{25}$`;
  return field(
    { example: `${prefixes[0]}_${SAMPLE_ULID}`, ...options },
    { type: 'string', pattern },
    Matches(new RegExp(pattern), {
      message: `$property must be an id that begins with ${prefixes.join('_ or ')}_`,
    }),
  );
}

/** An object of any shape, stored unchanged. */
export function AnyObject(options: Common = {}): PropertyDecorator {
  return field(options, { type: 'object', additionalProperties: true }, IsObject());
}

/** Texts by name. The handler checks each of them. */
export function TextsByName(options: Common = {}): PropertyDecorator {
  return field(options, { type: 'object', additionalProperties: { type: 'string' } }, IsObject());
}

/** Numbers by name, for responses. */
export function CountsByName(options: Common = {}): PropertyDecorator {
  return field(options, { type: 'object', additionalProperties: { type: 'integer' } }, IsObject());
}

const JSON_KINDS = {
  string: { type: 'string' },
  object: { type: 'object', additionalProperties: true },
  array: { type: 'array', items: {} },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
};

/** A JSON value of one of these kinds; of any kind when none is given. The handler checks which it is. */
export function AnyJson(
  options: Common & { kinds?: readonly (keyof typeof JSON_KINDS)[] } = {},
): PropertyDecorator {
  const { kinds = Object.keys(JSON_KINDS) as (keyof typeof JSON_KINDS)[], nullable, ...common } = options;
  // As one more kind: a union within a union would be two types in generated clients.
  const schemas = [...kinds.map((kind) => JSON_KINDS[kind]), ...(nullable ? [{ type: 'null' }] : [])];
  return field(common, { oneOf: schemas }, NotEquals(undefined));
}

/** A nested object of a class. */
export function ObjectOf(type: () => new () => object, options: Common = {}): PropertyDecorator {
  // @nestjs/swagger takes a function named `type` for a lazily resolved class.
  return field(options, { type: () => type() }, IsObject(), ValidateNested(ofType(type)));
}

export function ListOf(
  type: () => new () => object,
  options: Common & { max?: number } = {},
): PropertyDecorator {
  const { max = 1000 } = options;
  return field(
    options,
    { type: () => type(), isArray: true, maxItems: max },
    IsArray(),
    ArrayMaxSize(max),
    // Otherwise only the items of a nested list would be checked.
    IsObject({ each: true }),
    ValidateNested({ each: true, ...ofType(type) }),
  );
}

export function Texts(
  options: Common & { min?: number; max?: number; maxLength?: number; values?: readonly string[] } = {},
): PropertyDecorator {
  const { min = 0, max = 1000, maxLength = 20_000, values } = options;
  return field(
    options,
    {
      type: 'array',
      ...(min > 0 && { minItems: min }),
      maxItems: max,
      items: {
        type: 'string',
        ...(options.maxLength !== undefined && { maxLength }),
        ...(values && { enum: [...values] }),
      },
    },
    IsArray(),
    ...(min > 0 ? [ArrayMinSize(min)] : []),
    ArrayMaxSize(max),
    IsString({ each: true }),
    Length(0, maxLength, { each: true }),
    ...(values ? [IsIn([...values], { each: true })] : []),
  );
}
