import { describe, expect, it } from '@jest/globals';
import { readDiff } from './diff-risk.js';

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
    [
      'words left out of a line',
      '-  all = Product.published.includes(:variants)\n+  all = Product.published',
      ['a part of a line was left out'],
    ],
    [
      'a loop without an end',
      '-  for (const a of all) b(a);\n+  while (true) b(next());',
      ['there is a loop without an end'],
    ],
    ['plain code', '-  const b = a + c;\n+  const b = sum(a, c);', []],
  ])('sees %s', (_, diff, reasons) => {
    expect(readDiff(code, diff).reasons).toEqual(reasons);
  });

  it('is the sum of its risks', () => {
    expect(readDiff(code, '-  retries: 5,\n+  retries: 0,').score).toBeCloseTo(1.7);
  });

  it.each([
    ['documents and tests', ['docs/a.md', 'src/pool.spec.ts'], '-a = 1\n+a = 2', -1],
    ['styles', ['web/app.css'], '-width: 1px\n+width: 2px', -1],
    ['comments', code, '-// old words\n+// new words', -1],
    ['telemetry', code, '-log.debug("a")\n+log.info("a", b)', -0.5],
  ])('is below 0 when only %s changed', (_, paths, diff, score) => {
    expect(readDiff(paths, diff).score).toBe(score);
  });

  it('is harmless for moved code and for a patch version', () => {
    expect(readDiff(code, '-  if (a) stop();\n+  if (a)   stop();').score).toBe(0);
    expect(readDiff(['go.mod'], '-\tgithub.com/x/y v1.8.0\n+\tgithub.com/x/y v1.8.1').score).toBe(-0.5);
  });

  it('is higher for a minor version than for a patch version', () => {
    const jump = readDiff(['pom.xml'], '   <artifactId>jackson</artifactId>\n-<v>2.13.5</v>\n+<v>2.18.1</v>');
    expect(jump).toMatchObject({ score: -0.2, harmless: false });
    expect([...jump.words]).toContain('jackson');
  });

  it('collects the words that occur only before or only after the change', () => {
    const { words } = readDiff(
      code,
      '-  "emailAddress": user.email,\n+  "email_address": user.email,\n   "locale": x',
    );
    expect([...words].sort()).toEqual(['address', 'email', 'user']);
    expect([...readDiff(code, '-  load(cart)\n+  fetch(cart)').words].sort()).toEqual(['fetch', 'load']);
  });

  it('is 0 without a diff', () => {
    expect(readDiff([], undefined)).toEqual({ score: 0, reasons: [], harmless: false, words: new Set() });
  });
});
