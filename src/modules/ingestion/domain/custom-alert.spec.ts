import { describe, expect, it } from '@jest/globals';
import { readCustomAlert } from './custom-alert.js';

const GOOD = { title: 'High error rate', description: 'Above 5%' };

describe('the body of a custom alert', () => {
  it('needs a title and a description and fills in the rest', () => {
    expect(readCustomAlert(GOOD)).toEqual({
      ...GOOD,
      sourceAlertId: null,
      severity: 'medium',
      service: null,
      environment: null,
      tags: {},
      metadata: {},
    });
  });

  it('counts characters and not UTF-16 units', () => {
    expect(readCustomAlert({ ...GOOD, title: '🔥'.repeat(500) }).title).toHaveLength(1000);
    expect(() => readCustomAlert({ ...GOOD, title: '🔥'.repeat(501) })).toThrow(
      'title must be at most 500 characters',
    );
  });

  it('reports every invalid field at once', () => {
    const bad = { title: ' ', severity: 'fatal', sourceAlertId: 7, tags: { a: 1 }, metadata: 'x' };
    expect(() => readCustomAlert(bad)).toThrow(
      expect.objectContaining({
        details: [
          { field: 'title', message: 'must not be blank' },
          { field: 'description', message: 'is required' },
          { field: 'severity', message: 'must be one of critical, high, medium, low, info' },
          { field: 'tags', message: 'must be an object of strings' },
          { field: 'metadata', message: 'must be a JSON object' },
          { field: 'sourceAlertId', message: 'must be a string' },
        ],
      }),
    );
  });

  it('measures metadata as PostgreSQL writes it, which may be longer than the input', () => {
    const bodyOf = (count: number) =>
      `{"title":"x","description":"y","metadata":{"n":[${Array(count).fill('1e20').join()}]}}`;
    const read = (text: string) => readCustomAlert(JSON.parse(text), Buffer.byteLength(text));
    // A number with its comma: 5 bytes become 22.
    const most = Math.floor((256 * 1024 - '{"n":[]}'.length + 1) / 22);
    expect(Buffer.byteLength(bodyOf(most))).toBeLessThan((256 * 1024) / 4);
    expect(() => read(bodyOf(most))).not.toThrow();
    expect(() => read(bodyOf(most + 1))).toThrow('metadata must be at most 256 KiB');
    expect(() => readCustomAlert(JSON.parse(bodyOf(most + 1)))).toThrow('metadata must be at most 256 KiB');
  });

  it.each(['1e308', '-1e308', '1.5e-300'])('measures all digits that PostgreSQL writes for %s', (number) => {
    const text = `{"title":"x","description":"y","metadata":{"n":[${Array(1_000).fill(number).join()}]}}`;
    expect(() => readCustomAlert(JSON.parse(text), Buffer.byteLength(text))).toThrow(
      'metadata must be at most 256 KiB',
    );
  });

  it('ignores unknown fields, which stay in the raw payload', () => {
    expect(readCustomAlert({ ...GOOD, runbook: 'x' })).not.toHaveProperty('runbook');
  });
});
