import { FrequentRefusal, Refusal } from './errors.js';

describe('a frequent refusal', () => {
  it('is a refusal with all its parts', () => {
    const refusal = new FrequentRefusal('rate_limit_exceeded', 'Too many.', { retryAfter: 3 });
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      name: 'Refusal',
      code: 'rate_limit_exceeded',
      status: 429,
      message: 'Too many.',
      retryAfter: 3,
    });
  });

  it('has no stack, and other errors keep theirs', () => {
    expect(new FrequentRefusal('duplicate_alert', 'Known.').stack).not.toMatch(/\n\s+at /);
    expect(new Refusal('not_found', 'Unknown.').stack).toMatch(/errors\.spec/);
    expect(new Error('unexpected').stack).toMatch(/errors\.spec/);
  });
});
