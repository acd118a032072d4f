import { describe, expect, it } from '@jest/globals';
import { lenientBody } from './lenient-body.js';

const FORM = 'application/x-www-form-urlencoded';
const read = (type: string | undefined, text: string, mediaTypes: string[] = []) =>
  lenientBody({ headers: { 'content-type': type }, raw: Buffer.from(text) }, mediaTypes);

describe('a body', () => {
  it.each([
    undefined, 'application/json', 'Application/JSON; charset=utf-8', 'application/cloudevents+json', FORM, 'text/plain', 'text/json',
    'application/octet-stream',
  ])('of JSON is read as %s', (type) => {
    expect(read(type, ' {"a":1}')).toEqual({ a: 1 });
    expect(read(type, '\uFEFF[1]')).toEqual([1]);
  }); // prettier-ignore

  it('of a form is read where the source takes forms', () => {
    expect(read(FORM, 'a=1&b=%7B', [FORM])).toEqual({ a: '1', b: '{' });
    expect(() => read(FORM, 'a=1')).toThrow('Send the body as application/json.');
  });

  it.each([
    ['payload=%7B%22a%22%3A1%7D', { a: 1 }],
    ['payload=%5B1%5D', [1]],
    ['payload=%7B', { payload: '{' }],
    ['payload=1', { payload: '1' }],
    ['payload=null', { payload: 'null' }],
    ['payload=%7B%7D&token=t', { payload: '{}', token: 't' }],
  ])('of the form %s is what the field payload holds, if it is all there is and JSON', (text, body) => {
    expect(read(FORM, text, [FORM])).toEqual(body);
  });

  it.each(['text/plain', 'text/html', 'application/xml', 'application/octet-stream'])(
    'of another kind is refused as %s',
    (type) => {
      expect(() => read(type, '<a/>')).toThrow('Send the body as application/json.');
    },
  );
});
