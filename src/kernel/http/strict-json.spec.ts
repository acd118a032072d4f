import { describe, expect, it } from '@jest/globals';
import { parseStrictJson, StrictJsonError } from './strict-json.js';

const parse = (text: string, limits?: { maxDepth?: number }) => parseStrictJson(Buffer.from(text), limits);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('strict JSON', () => {
  it.each([
    '{"a":[1,null,true,"x"]}',
    '"text"',
    '-0.5e-3',
    '1e-999',
    '"\\ud83d\\udd25"',
    '"\\\\u0000"',
    '{"constructor":1}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('keeps any other Unicode as it is', () => {
    const text = 'é e\u0301 \u202e \ufeff 🏳️‍🌈 \u2028';
    expect(parse(JSON.stringify({ [text]: text }))).toEqual({ [text]: text });
  });

  it('drops a leading byte order mark', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  it('refuses invalid UTF-8', () => {
    const overlong = Buffer.from([0x22, 0xc0, 0x80, 0x22]);
    const surrogate = Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]);
    for (const raw of [overlong, surrogate, Buffer.from([0xff, 0xfe])]) {
      expect(() => parseStrictJson(raw)).toThrow(/UTF-8/);
    }
  });

  it.each(['', ' \n', '{', '{"a":1,}', "{'a':1}", 'NaN', '[1] []', '"\u0000"', 'undefined', '01'])(
    'refuses %j',
    (text) => {
      expect(() => parse(text)).toThrow(StrictJsonError);
    },
  );

  it('does not repeat what was sent', () => {
    expect(() => parse('{"password":hunter2}')).toThrow(/^The body is not valid JSON[^"]*\.$/);
    expect(() => parse('{"password":hunter2}')).not.toThrow(/hunter2/);
  });

  it.each([
    ['a NUL', '{"a":["\\u0000"]}', /NUL/],
    ['a NUL in a key', '{"\\u0000":1}', /NUL/],
    ['a lone high surrogate', '["\\uD83D"]', /surrogate/],
    ['a lone low surrogate in a key', '{"x\\udd25":1}', /surrogate/],
    ['surrogates the wrong way round', '"\\udd25\\ud83d"', /surrogate/],
    ['a __proto__ key', '{"a":{"__proto__":{"admin":true}}}', /__proto__/],
    ['a disguised __proto__ key', '{"\\u005f_proto__":1}', /__proto__/],
    ['a number out of range', '{"a":[1e999]}', /double/],
    ['a negative number out of range', '-1e400', /double/],
  ])('refuses %s', (_, text, reason) => {
    expect(() => parse(text)).toThrow(reason);
    expect(() => parse(text)).toThrow(StrictJsonError);
  });

  it('looks behind a __proto__ key only to refuse it', () => {
    expect(parse('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
  });

  it('counts depth exactly, and answers nesting of any depth', () => {
    expect(() => parse(nested(100))).not.toThrow();
    expect(() => parse(nested(101))).toThrow(/deeper than 100/);
    expect(() => parse('{"a":[1]}', { maxDepth: 1 })).toThrow(/deeper than 1 /);
    expect(() => parse(nested(400_000))).toThrow(/deeper than 100/);
    expect(() => parse('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000))).toThrow(/deeper than 100/);
  });
});
