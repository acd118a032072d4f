import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Flag, ListOf, ObjectOf, OneOf, Text, Texts, Whole } from './fields.js';
import { jsonSchemaOf } from './json-schema.js';

class Part {
  @Text({ max: 10 }) name!: string;
}

class Thing {
  @Text({ max: 100, summary: 'What it is called', example: 'a' }) title!: string;
  @Text({ max: 5, nullable: true }) note!: string | null;
  @Whole({ min: 1, max: 300, optional: true, default: 30 }) seconds?: number;
  @OneOf(['a', 'b']) kind!: 'a' | 'b';
  @Flag({ optional: true }) on?: boolean;
  @Texts({ max: 3, maxLength: 5 }) words!: string[];
  @ObjectOf(() => Part) part!: Part;
  @ListOf(() => Part, { max: 2 }) parts!: Part[];
}

describe('the JSON Schema of a class', () => {
  const schema = jsonSchemaOf(Thing);
  const isThing = new Ajv2020({ allErrors: true }).compile(schema);
  const thing = { title: 't', note: null, kind: 'a', words: ['w'], part: { name: 'n' }, parts: [] };

  it('accepts what the class accepts', () => {
    expect(isThing(thing)).toBe(true);
    expect(isThing({ ...thing, note: 'short', seconds: 300, on: false, parts: [{ name: 'm' }] })).toBe(true);
  });

  it.each([
    { ...thing, title: undefined },
    { ...thing, title: null },
    { ...thing, note: 'too long' },
    { ...thing, seconds: 0 },
    { ...thing, kind: 'c' },
    { ...thing, words: ['a', 'b', 'c', 'd'] },
    { ...thing, words: ['too long'] },
    { ...thing, part: { name: 'n', more: 1 } },
    { ...thing, parts: [{}] },
    { ...thing, unknown: true },
  ])('refuses what the class refuses: %j', (value) => {
    expect(isThing(value)).toBe(false);
  });

  it('keeps the words for people', () => {
    expect(schema).toMatchObject({
      properties: {
        title: { description: 'What it is called', examples: ['a'] },
        seconds: { default: 30, minimum: 1, maximum: 300 },
      },
    });
  });
});
