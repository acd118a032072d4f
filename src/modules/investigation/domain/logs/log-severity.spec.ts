import { describe, expect, it } from '@jest/globals';
import { isErrorLike } from './log-severity.js';

describe('A log line reports a failure', () => {
  it.each([
    ['anything', 'ERROR'],
    ['connection refused', undefined],
    ['request failed with 500', 'info'],
    ['upstream timed out', 'WARN'],
    ['java.lang.OutOfMemoryError: out of memory', undefined],
    ['10.0.0.1 - - "GET /carts/500 HTTP/1.1" 503 612', 'info'],
    ['GET /carts 500 12ms', 'info'],
    ['0 errors so far, but the payment was rejected', 'info'],
  ])('%p at %p', (message, level) => {
    expect(isErrorLike(message, level)).toBe(true);
  });

  it.each([
    ['served request in 12 ms', 'info'],
    ['finished with 0 errors', 'info'],
    ['completed without failures', undefined],
    ['errors=0 warnings=2', undefined],
    ['10.0.0.1 - - "GET /carts HTTP/1.1" 200 502', 'info'],
    ['took 500 ms', 'info'],
    ['flushed 503 rows, limit=500', 'info'],
    ['retry failed', 'debug'],
    ['x'.repeat(2000) + ' failed', undefined],
  ])('not %p at %p', (message, level) => {
    expect(isErrorLike(message, level)).toBe(false);
  });
});
