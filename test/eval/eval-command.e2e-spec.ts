import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { breakAgent } from '../support/break-agent.js';
import { runToEnd } from '../support/program.js';

const PROGRAM = 'dist/cli/eval.js';
const CASES = fileURLToPath(new URL('./cases', import.meta.url));

interface Prediction {
  ranked: { entity: string; score: number }[];
  commit: string | null;
  failureMode: string | null;
  incident: boolean;
  confidence: number;
  outcome: string;
  evidence: string[];
  ms: number;
}

type Predictions = Record<string, Prediction>;

describe('npm run eval', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'causeflow-eval-'));
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  async function evaluate(
    cases: string,
    name: string,
    args: string[] = [],
    env: Record<string, string> = {},
  ) {
    const out = join(scratch, name);
    const run = await runToEnd(PROGRAM, ['--cases', cases, '--out', out, ...args], env);
    return { ...run, predictions: () => JSON.parse(readFileSync(out, 'utf8')) as Predictions };
  }

  let predictions: Predictions;
  let output: string;

  beforeAll(async () => {
    const run = await evaluate(CASES, 'one.json');
    expect(run.code).toBe(0);
    output = run.output;
    predictions = run.predictions();
  });

  it('writes one prediction per case, and reports that nothing is scored without labels', () => {
    expect(Object.keys(predictions)).toHaveLength(8);
    for (const prediction of Object.values(predictions)) {
      expect(Object.keys(prediction).sort()).toEqual(
        ['commit', 'confidence', 'evidence', 'failureMode', 'incident', 'ms', 'outcome', 'ranked'].sort(),
      );
      expect(prediction.confidence).toBeGreaterThanOrEqual(0);
      expect(prediction.confidence).toBeLessThanOrEqual(1);
      const scores = prediction.ranked.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
    expect(output).toContain('There are no labels, so nothing was scored.');
  });

  it.each([
    ['made-metric-rows', 'kiln'],
    ['made-trace-statistics', 'ferry'],
    ['made-commits', 'loom'],
    ['made-database', 'grain'],
    ['made-storm-0', 'well-1'],
    ['made-storm-1', 'mill-1'],
  ])('finds the root cause of %s and cites evidence', (id, entity) => {
    expect(predictions[id]?.ranked[0]?.entity).toBe(entity);
    expect(predictions[id]?.incident).toBe(true);
    expect(predictions[id]?.evidence.length).toBeGreaterThan(0);
  });

  it('names the commit that removed a guard, and none if there is no commit', () => {
    expect(predictions['made-commits']?.commit).toBe('b'.repeat(40));
    expect(predictions['made-metric-rows']?.commit).toBeNull();
  });

  it('names failure modes by the current state, and recognises a healthy window', () => {
    expect(predictions['made-pods']?.failureMode).toBe('image_pull_backoff');
    expect(predictions['made-database']?.failureMode).toBe('cpu_saturation');
    expect(predictions['made-healthy-window']).toMatchObject({ incident: false, failureMode: 'healthy' });
  });

  it('predicts the same with and without labels, and scores the labelled cases', async () => {
    const labelled = join(scratch, 'labelled');
    cpSync(CASES, labelled, { recursive: true });
    writeFileSync(
      join(labelled, 'labels.json'),
      JSON.stringify({
        'made-metric-rows': { root_cause_entity: 'shop' },
        'made-storm-0': { root_cause_entity: 'well-1' },
        'made-healthy-window': { kind: 'healthy' },
      }),
    );
    const run = await evaluate(labelled, 'two.json', ['--json']);
    const withoutTimes = (all: Predictions) =>
      Object.entries(all).map(([id, each]) => [id, { ...each, ms: 0 }]);
    expect(withoutTimes(run.predictions())).toEqual(withoutTimes(predictions));
    const report = JSON.parse(run.output) as { cases: number; scores: unknown[] };
    expect(report.cases).toBe(8);
    expect(report.scores[0]).toMatchObject({
      dataset: 'made-up',
      part: null,
      n: 3,
      ac1: { hits: 1, n: 2 },
      specificity: { hits: 1, n: 1 },
    });
  });

  it('reports unreadable files, predicts nothing for their cases, and predicts the others as before', async () => {
    const damaged = join(scratch, 'damaged');
    cpSync(CASES, damaged, { recursive: true });
    writeFileSync(join(damaged, 'commits.json'), '{"id": "made-comm');
    rmSync(join(damaged, 'metric-rows-baseline.json'));
    const run = await evaluate(damaged, 'three.json');
    expect(run.code).toBe(1);
    expect(run.output).toMatch(/made-commits: .*JSON/);
    expect(run.output).toMatch(/made-metric-rows: .*metric-rows-baseline.json/);
    const after = run.predictions();
    expect(after['made-commits']).toMatchObject({ ranked: [], commit: null, outcome: 'inconclusive' });
    expect({ ...after['made-pods'], ms: 0 }).toEqual({ ...predictions['made-pods'], ms: 0 });
    expect(Object.keys(after)).toHaveLength(8);
  });

  it('continues after an agent throws, names agent and case, and exits with 1', async () => {
    const env = { NODE_OPTIONS: breakAgent('metrics analysis', 'made-pods') };
    const run = await evaluate(CASES, 'broken.json', [], env);
    expect(run.code).toBe(1);
    expect(run.output).toMatch(
      /made-pods: metrics analysis broke down: TypeError: a row that breaks it\n +at /,
    );
    expect(run.output.match(/broke down/g)).toHaveLength(1);
    const after = run.predictions();
    expect(Object.keys(after)).toEqual(Object.keys(predictions));
    expect(after['made-pods']?.failureMode).toBe('image_pull_backoff');
    expect({ ...after['made-database'], ms: 0 }).toEqual({ ...predictions['made-database'], ms: 0 });
  });

  it('perturbs the cases on request, and refuses an unknown perturbation', async () => {
    const ranking = (all: Predictions) => all['made-metric-rows']?.ranked.map(({ entity }) => entity);
    const renamed = await evaluate(CASES, 'renamed.json', ['--perturb', 'rename,shift', '--seed', '2']);
    expect(ranking(renamed.predictions())).toEqual(ranking(predictions));
    const refused = await evaluate(CASES, 'refused.json', ['--perturb', 'melt']);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('There is no change melt. Known: no-baseline, rename');
  });

  it('prints its usage without arguments', async () => {
    const run = await runToEnd(PROGRAM, [], {});
    expect(run.code).toBe(1);
    expect(run.output).toContain('--cases DIR --out predictions.json');
  });
});
