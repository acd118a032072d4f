import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The numbered stops of "Follow one alert", in order. */
const stops = [...text('ARCHITECTURE.md').matchAll(/^\d\. \[`[^`]+`\]\(([^)]+)\)/gm)].map(
  ([, path]) => path ?? '',
);

/** Every page of the repository, those beside the code too. */
const documents = [
  ...readdirSync(root),
  ...['bench', 'docs', 'examples', 'src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, String(path))),
  ),
].filter((path) => path.endsWith('.md'));

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
    expect(text(stops[5] ?? '')).toContain('publishEach(');
    expect(text(stops[6] ?? '')).toContain("@Sse('stream')");
  });
});

it.each(documents)('%s links to no file that is not there', (document) => {
  const links = [...text(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path ?? '');
  expect(links.filter((path) => !existsSync(join(root, dirname(document), path)))).toEqual([]);
});

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(path: string): string[] {
  const headings = text(path)
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(documents)('%s links to no heading that is not there', (document) => {
  const links = [...text(document).matchAll(/\]\(((?!https?:)[^)#]*)#([^)]+)\)/g)];
  const missing = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? document : join(dirname(document), path);
    return !anchorsOf(target).includes(anchor);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

it.each(documents)('%s names no npm script that is not there', (document) => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
  const asked = [...text(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
  expect(asked.filter((name) => !(name in scripts))).toEqual([]);
});
