import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The numbered stops of "Follow one alert", in order. */
const stops = [...text('ARCHITECTURE.md').matchAll(/^\d\. \[`[^`]+`\]\(([^)]+)\)/gm)].map(
  ([, path]) => path ?? '',
);

describe('the tour of ARCHITECTURE.md', () => {
  it('has seven stops, each a file that is there', () => {
    expect(stops).toHaveLength(7);
    expect(stops.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('leads from the webhook to the events by imports that a reader can follow', () => {
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      const imported = basename(stops[to] ?? '', '.ts');
      expect(text(stops[from] ?? '')).toMatch(new RegExp(`from '\\.[^']*/${imported}(\\.js)?'`));
    }
  });

  it('goes on from the recorded events to their readers through the log', () => {
    expect(text(stops[4] ?? '')).toContain('takeRecorded()');
    expect(text(stops[5] ?? '')).toContain('publishAll(');
    expect(text(stops[6] ?? '')).toContain("@Sse('stream')");
  });

  it('names no file that is not there', () => {
    for (const document of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']) {
      const links = [...text(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path ?? '');
      expect([document, links.filter((path) => !existsSync(join(root, path)))]).toEqual([document, []]);
    }
  });
});
