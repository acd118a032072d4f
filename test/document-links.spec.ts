import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The numbered files of "Follow one alert", in order. */
const steps = [...text('ARCHITECTURE.md').matchAll(/^\d\. \[`[^`]+`\]\(([^)]+)\)/gm)].map(
  ([, path]) => path ?? '',
);

/** All Markdown files of the repository. */
const documents = [
  ...readdirSync(root),
  ...['bench', 'docs', 'examples', 'src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, String(path))),
  ),
].filter((path) => path.endsWith('.md'));

describe('"Follow one alert" of ARCHITECTURE.md', () => {
  it('has seven steps, each an existing file', () => {
    expect(steps).toHaveLength(7);
    expect(steps.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('leads from the webhook to the events by imports', () => {
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      const imported = basename(steps[to] ?? '', '.ts');
      expect(text(steps[from] ?? '')).toMatch(new RegExp(`from '\\.[^']*/${imported}(\\.js)?'`));
    }
  });

  it('leads from the recorded events through the log to the stream', () => {
    expect(text(steps[4] ?? '')).toContain('takeRecorded()');
    expect(text(steps[5] ?? '')).toContain('publishEach(');
    expect(text(steps[6] ?? '')).toContain("@Sse('stream')");
  });
});

it.each(documents)('%s links only to existing files', (document) => {
  const links = [...text(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path ?? '');
  expect(links.filter((path) => !existsSync(join(root, dirname(document), path)))).toEqual([]);
});

/** The anchors of a page's headings on GitHub. */
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

it.each(documents)('%s links only to existing headings', (document) => {
  const links = [...text(document).matchAll(/\]\(((?!https?:)[^)#]*)#([^)]+)\)/g)];
  const missing = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? document : join(dirname(document), path);
    return !anchorsOf(target).includes(anchor);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

it.each(documents)('%s mentions only existing npm scripts', (document) => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
  const mentioned = [...text(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
  expect(mentioned.filter((name) => !(name in scripts))).toEqual([]);
});
