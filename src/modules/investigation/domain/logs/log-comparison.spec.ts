import { describe, expect, it } from '@jest/globals';
import type { LogLine } from '../evidence/evidence.js';
import { compareLogs } from './log-comparison.js';

const lines = (rows: readonly Partial<LogLine>[]) =>
  rows.map((row) => ({ evidenceId: 'evd_1', row: { timestamp: 0, entity: 'web', message: 'x', ...row } }));
const repeat = (n: number, row: (i: number) => Pick<LogLine, 'timestamp' | 'message'>) =>
  Array.from({ length: n }, (_, i) => row(i));

describe('A log comparison', () => {
  it('scales the expected count by the length of the window', () => {
    const rows = repeat(30, (i) => ({ timestamp: i, message: `tick ${i}` }));
    const [tick] = compareLogs(lines(rows), 20).templates;
    expect(tick).toMatchObject({ text: 'tick <NUM>', before: 20, after: 10 });
    expect(tick?.expected).toBeCloseTo((20 * 9) / 20);
    expect(Math.abs(tick?.z ?? 9)).toBeLessThan(1);
  });

  it('does not score mere traffic growth as an anomaly', () => {
    const busy = (i: number) => (i < 100 ? i : 100 + (i - 100) / 10);
    const served = repeat(600, (i) => ({ timestamp: busy(i), message: 'served' }));
    const failed = repeat(60, (i) => ({ timestamp: busy(i * 10), message: 'request failed' }));
    const sorted = [...served, ...failed].sort((a, b) => a.timestamp - b.timestamp);
    const errors = compareLogs(lines(sorted), 100).templates.find(({ isError }) => isError);
    expect(errors?.z).toBeLessThan(2);
  });

  it('separates a success and a failure with the same text', () => {
    const rows = [
      { message: 'GET /cart 200', level: 'info' },
      { message: 'GET /cart 500', level: 'error' },
    ];
    expect(
      compareLogs(lines(rows), 1)
        .templates.map(({ isError }) => isError)
        .sort(),
    ).toEqual([false, true]);
  });

  it('counts folded lines', () => {
    expect(compareLogs(lines([{ count: 40 }, { timestamp: 5, count: 2 }]), 3)).toMatchObject({
      linesBefore: 40,
      linesAfter: 2,
      comparable: true,
    });
  });

  it('is not comparable without lines before the split', () => {
    expect(compareLogs(lines([{ timestamp: 9 }]), 3).comparable).toBe(false);
    expect(compareLogs([], 3)).toMatchObject({ templates: [], comparable: false });
  });
});
