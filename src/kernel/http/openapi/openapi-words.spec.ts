import { describe, expect, it } from '@jest/globals';
import { words } from '../../domain/words.js';
import { referToWords } from './openapi-words.js';

const SIZES = words('SpecSize', ['small', 'large']);
const reference = { $ref: '#/components/schemas/SpecSize' };

describe('named enums', () => {
  it('have one schema, which fields reference with their own description and default', () => {
    const root = {
      properties: {
        plain: { type: 'string', enum: [...SIZES] },
        described: { type: 'string', enum: [...SIZES], description: 'How big', default: 'small' },
        nullable: { type: ['string', 'null'], enum: [...SIZES, null], description: 'How big' },
        list: { type: 'array', items: { type: 'string', enum: [...SIZES] } },
        own: { type: 'string', enum: ['large', 'small'] },
        text: { type: 'string', example: { enum: [...SIZES] } },
      },
    };
    expect(referToWords(root)).toEqual({ SpecSize: { type: 'string', enum: ['small', 'large'] } });
    expect(root.properties).toEqual({
      plain: reference,
      described: { description: 'How big', default: 'small', allOf: [reference] },
      nullable: { description: 'How big', anyOf: [reference, { type: 'null' }] },
      list: { type: 'array', items: reference },
      own: { type: 'string', enum: ['large', 'small'] },
      text: { type: 'string', example: { enum: ['small', 'large'] } },
    });
  });
});
