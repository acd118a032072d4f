import { describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import { ApiProperty, IntersectionType, PartialType, PickType } from '@nestjs/swagger';
import { ValidateNested } from 'class-validator';
import type { Refusal } from '../domain/errors.js';
import { AnyObject, IdOf, ListOf, Moment, ObjectOf, Text, Texts, Whole } from './fields.js';
import { FieldPipe, validated } from './validation.js';

class Inner {
  @Text({ max: 5 }) word!: string;
}

class Body {
  @Text({ max: 5 }) title!: string;
  @Whole({ min: 1, max: 9, optional: true }) limit?: number;
  @Texts({ values: ['a', 'b'], optional: true }) letters?: string[];
  @IdOf('inc', { optional: true }) incidentId?: string;
  @Moment({ optional: true }) at?: string;
  @ObjectOf(() => Inner, { optional: true }) inner?: Inner;
}

class Many {
  @ListOf(() => Inner) items!: Inner[];
}

const faultOf = async (wrong: object): Promise<unknown> =>
  validated(Body, { title: 'x', ...wrong }).catch((refusal: unknown) => refusal);

describe('the error of a field', () => {
  it.each<[object, string, string]>([
    [{ title: undefined }, 'title', 'is required'],
    [{ title: 7 }, 'title', 'must be a string'],
    [{ title: ' ' }, 'title', 'must not be blank'],
    [{ limit: 0 }, 'limit', 'must not be less than 1'],
    [{ letters: ['c'] }, 'letters', 'has a value that must be one of the following values: a, b'],
    [{ incidentId: 'x' }, 'incidentId', 'must be an id that begins with inc_'],
    [{ inner: {} }, 'inner.word', 'is required'],
    [{ inner: { word: 'too long' } }, 'inner.word', 'must be shorter than or equal to 5 characters'],
    [{ more: 1 }, 'more', 'is not known here'],
  ])(
    'has a message without the field name, which `details` has separately: %j',
    async (wrong, field, message) => {
      expect(await faultOf(wrong)).toMatchObject({
        message: `${field} ${message}`,
        details: [{ field, message }],
      });
    },
  );
});

describe('a body that is wrong in very many places', () => {
  const many = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, n]));

  it('is refused without a look at each of them', async () => {
    expect(await faultOf(many(100_000))).toMatchObject({
      message: 'body has an object of more than 100 properties',
      details: [{ field: 'body' }],
    });
  });

  it('gets an answer of the first hundred', async () => {
    const wrong = await validated(Many, { items: Array.from({ length: 1000 }, () => many(3)) }).catch(
      (refusal: unknown) => refusal as Refusal,
    );
    expect(wrong).toMatchObject({ code: 'validation_error', details: { length: 100 } });
    expect((wrong as Refusal).message.length).toBeLessThan(10_000);
  });
});

class Free {
  @AnyObject({ optional: true }) any?: object;
  @ListOf(() => Free, { optional: true }) more?: Free[];
}

describe('names of inherited object properties', () => {
  const any = JSON.parse(
    '{"constructor":"x","prototype":1,"toString":[2],"a":{"hasOwnProperty":{"valueOf":0}}}',
  ) as object;

  it('are kept in fields of any shape, and inside lists', async () => {
    expect(await validated(Free, { any, more: [{ any }] })).toEqual({
      any,
      more: [{ any, more: undefined }],
    });
  });

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'are refused as unknown fields elsewhere: %s',
    async (name) => {
      expect(await faultOf({ [name]: 'x' })).toMatchObject({
        details: [{ field: name, message: 'is not known here' }],
      });
      expect(await faultOf({ inner: { word: 'x', [name]: 'x' } })).toMatchObject({
        code: 'validation_error',
      });
    },
  );
});

describe('a class composed of others', () => {
  class Query {
    @Whole({ inQuery: true, min: 1, max: 9 }) limit!: number;
  }
  class Made extends IntersectionType(PartialType(Body), PickType(Query, ['limit'])) {}

  it('validates the fields of all of them', async () => {
    const made = await validated(Made, { inner: { word: 'x' }, limit: '7' });
    expect(made).toMatchObject({ limit: 7 });
    expect(made.inner).toBeInstanceOf(Inner);
    await expect(validated(Made, { inner: { word: 'too long' }, limit: '7' })).rejects.toMatchObject({
      details: [{ field: 'inner.word' }],
    });
  });
});

describe('a class with an incomplete declaration', () => {
  class UntypedField {
    @ValidateNested() inner!: Inner;
  }
  class Undeclared {
    @ApiProperty() word!: string;
  }

  it('fails as a programming error when a field lacks its class', async () => {
    await expect(validated(UntypedField, { inner: { word: 'x' } })).rejects.toThrow(
      /^UntypedField\.inner does not declare its class: give it @ObjectOf/,
    );
  });

  it('fails as a programming error when no field is declared', async () => {
    await expect(validated(Undeclared, { word: 'x' })).rejects.toThrow(/^Undeclared declares no fields/);
  });
});

describe('the pipe', () => {
  const pipe = new FieldPipe();

  it('works unchanged when an extension creates a ValidationPipe of Nest', async () => {
    const body = JSON.parse('{"any":{"constructor":"x"},"more":[{}]}') as object;
    expect(new ValidationPipe({ transform: true })).toBeDefined();
    const read = (await pipe.transform(body, { type: 'body', metatype: Free })) as Free;
    expect(read.any).toEqual(body['any' as keyof typeof body]);
    expect(read.more?.[0]).toBeInstanceOf(Free);
  });

  it('converts path parameters to their declared type', async () => {
    const convert = (value: unknown, metatype: new () => unknown) =>
      pipe.transform(value, { type: 'param', data: 'n', metatype });
    expect(await convert('7', Number as never)).toBe(7);
    expect(await convert('true', Boolean as never)).toBe(true);
    expect(await convert('7', String as never)).toBe('7');
    await expect(convert('seven', Number as never)).rejects.toMatchObject({
      details: [{ field: 'n', message: 'must be a number' }],
    });
  });

  it.each([['a text'], [['a list']], [7]])('refuses a body that is not an object: %j', async (value) => {
    await expect(pipe.transform(value, { type: 'body', metatype: Body })).rejects.toMatchObject({
      details: [{ field: 'body', message: 'must be an object' }],
    });
  });
});

describe('a time', () => {
  it.each([
    '2026-03-01T12:00Z',
    '2026-03-01T12:00:00Z',
    '2026-03-01T12:00:00.123456789Z',
    '2024-02-29T23:59:59+05:45',
    '1970-01-01T00:00:00-12:00',
    '9999-12-31T24:00Z',
  ])('is accepted as %s', async (at) => {
    expect(await validated(Body, { title: 'x', at })).toMatchObject({ at });
    expect(Date.parse(at)).not.toBeNaN();
  });

  it.each([
    ['without a time of day', '2026-03-01'],
    ['without an offset', '2026-03-01T12:00:00'],
    ['of a day that does not exist', '2026-02-30T12:00:00Z'],
    ['as a week date', '2026-W10-1T12:00:00Z'],
    ['as an ordinal date', '2026-060T12:00:00Z'],
    ['of the year 0', '0000-01-01T00:00:00Z'],
    ['with a sign', '+2026-03-01T12:00:00Z'],
    ['without separators', '20260301T120000Z'],
    ['with hours only', '2026-03-01T12Z'],
    ['with a comma', '2026-03-01T12:00:00,5Z'],
    ['with an offset that no place has', '2026-03-01T12:00:00+23:00'],
    ['with an endless fraction', `2026-03-01T12:00:00.${'1'.repeat(200)}Z`],
  ])('is refused %s', async (_, at) => {
    expect(await faultOf({ at })).toMatchObject({ code: 'validation_error', details: [{ field: 'at' }] });
  });
});
