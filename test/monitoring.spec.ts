import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { alertRules, panelQueries } from './support/monitoring.js';
import { programOnPath } from './support/prometheus.js';

const root = join(import.meta.dirname, '..');
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const rules = alertRules();
const promtool = programOnPath('promtool');

it.each([...rules, ...panelQueries()])(
  'a figure that every replica reports is not summed up: $expr',
  ({ expr }) => {
    const documented = operations.matchAll(/^\| `(causeflow_\w+)(?:\{[^|]+)?` .*\bGlobal *\|$/gm);
    const global = [...documented].map(([, name = '']) => name);
    expect(global.length).toBeGreaterThan(3);
    expect(expr).not.toMatch(new RegExp(`\\bsum(?: by \\([^)]*\\))? ?\\((?:${global.join('|')})\\b`));
  },
);

describe('the alert rules', () => {
  it.each(rules)('$alert has a severity, a summary and a section in docs/operations.md', (rule) => {
    expect(['critical', 'warning']).toContain(rule.labels['severity']);
    expect(rule.annotations['summary']).toMatch(/\.$/);
    expect(rule.annotations['runbook']).toBe(`docs/operations.md#${rule.alert.toLowerCase()}`);
    expect(operations).toContain(`\n### ${rule.alert}\n`);
  });

  it('are all that docs/operations.md describes', () => {
    const described = [...operations.matchAll(/^### (CauseFlow\w+)$/gm)].map(([, name]) => name);
    expect(described).toEqual(rules.map(({ alert }) => alert));
  });

  // Debian: apt install prometheus
  (promtool === undefined ? it.skip : it)('pass promtool, and fire when they should', () => {
    const run = (...args: string[]) => execFileSync(promtool ?? '', args, { cwd: root, encoding: 'utf8' });
    const count = `SUCCESS: ${rules.length} rules found`;
    expect(run('check', 'rules', 'deploy/prometheus/rules.yml')).toContain(count);
    expect(run('check', 'config', 'deploy/prometheus/prometheus.yml')).toContain(count);
    expect(run('test', 'rules', 'test/deploy/rules.test.yml')).toContain('SUCCESS');
  });
});

it('docs/operations.md quotes messages as the server writes them', () => {
  const prose = operations.replaceAll(/^```[^]*?^```/gm, '');
  const quoted = [...prose.matchAll(/`((?:…|[A-Z]\w*) [a-z…][^`\n/]*)`/g)].map(([, message = '']) => message);
  expect(quoted.length).toBeGreaterThan(15);
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'));
  const isWritten = (message: string): boolean =>
    sources.some((source) => message.split('…').every((part) => source.includes(part.trim())));
  expect(quoted.filter((message) => !isWritten(message))).toEqual([]);
});
