import { describe, expect, it } from '@jest/globals';
import { diffRisk } from './diff-risk.js';

const code = ['src/pool.ts'];

describe('The risk of a diff', () => {
  it.each([
    [
      'a constant with another value',
      '-  const size = 50;\n+  const size = 5;',
      ['a constant has another value', 'a tunable was touched'],
    ],
    [
      'a guard that is gone',
      '-  if (order === null) return;\n-  charge(order);\n+  charge(order);',
      ['a guard is gone'],
    ],
    ['a lock that is gone', '-  mu.Lock()\n+  touch(a)', ['a guard is gone']],
    ['a new loop', '-  save(items[0])\n+  for (const item of items) save(item)', ['there is a new loop']],
    ['plain code', '-  const b = a + c;\n+  const b = sum(a, c);', []],
  ])('sees %s', (_, diff, reasons) => {
    expect(diffRisk(code, diff).reasons).toEqual(reasons);
  });

  it('adds up', () => {
    expect(diffRisk(code, '-  retries: 5,\n+  retries: 0,').score).toBeCloseTo(1.7);
  });

  it.each([
    ['documents and tests', ['docs/a.md', 'src/pool.spec.ts'], '-a = 1\n+a = 2', -1],
    ['styles', ['web/app.css'], '-width: 1px\n+width: 2px', -1],
    ['comments', code, '-// old words\n+// new words', -1],
    ['telemetry', code, '-log.debug("a")\n+log.info("a", b)', -0.5],
  ])('is below 0 when only %s changed', (_, paths, diff, score) => {
    expect(diffRisk(paths, diff).score).toBe(score);
  });

  it('takes code that only moved, and a bumped version, for harmless', () => {
    expect(diffRisk(code, '-  if (a) stop();\n+  if (a)   stop();').score).toBe(0);
    expect(diffRisk(['go.mod'], '-\tgithub.com/x/y v1.8.0\n+\tgithub.com/x/y v1.8.1').score).toBe(-0.5);
  });

  it('knows nothing of a change without a diff', () => {
    expect(diffRisk([], undefined)).toEqual({ score: 0, reasons: [] });
  });
});
