import { describe, expect, it } from '@jest/globals';
import { textTokens } from './text-tokens.js';

describe('The words of a text', () => {
  it('come from prose, paths and identifiers alike', () => {
    expect(textTokens('ResizePool() in pkg/db/conn_pool.go')).toEqual([
      'resize',
      'pool',
      'pkg',
      'conn',
      'pool',
    ]);
  });

  it('leave out small words, numbers and plurals', () => {
    expect(textTokens('the errors of 404 requests were in access')).toEqual(['error', 'request', 'access']);
  });

  it('keep short words of other scripts', () => {
    expect(textTokens('支付 失败')).toEqual(['支付', '失败']);
  });
});
