import { describe, expect, it } from '@jest/globals';
import { IdOf, ObjectOf, Text, Texts, Whole } from './fields.js';
import { validated } from './validation.js';

class Inner {
  @Text({ max: 5 }) word!: string;
}

class Body {
  @Text({ max: 5 }) title!: string;
  @Whole({ min: 1, max: 9, optional: true }) limit?: number;
  @Texts({ values: ['a', 'b'], optional: true }) letters?: string[];
  @IdOf('inc', { optional: true }) incidentId?: string;
  @ObjectOf(() => Inner, { optional: true }) inner?: Inner;
}

const faultOf = async (wrong: object): Promise<unknown> =>
  validated(Body, { title: 'x', ...wrong }).catch((refusal: unknown) => refusal);

describe('what is wrong with a field', () => {
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
  ])('is said without its name, which stands beside it: %j', async (wrong, field, message) => {
    expect(await faultOf(wrong)).toMatchObject({
      message: `${field} ${message}`,
      details: [{ field, message }],
    });
  });
});
