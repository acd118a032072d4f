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

  async function evaluate(cases: string, name: string, ...args: string[]) {
    return evaluateIn({}, cases, name, ...args);
  }

  async function evaluateIn(env: Record<string, string>, cases: string, name: string, ...args: string[]) {
    const out = join(scratch, name);
    const ended = await runToEnd(PROGRAM, ['--cases', cases, '--out', out, ...args], env);
    return { ...ended, predictions: () => JSON.parse(readFileSync(out, 'utf8')) as Predictions };
  }

  let predictions: Predictions;
  let said: string;

  beforeAll(async () => {
    const run = await evaluate(CASES, 'one.json');
    expect(run.code).toBe(0);
    said = run.output;
    predictions = run.predictions();
  });

  it('writes one prediction per case, needs no labels, and says so', () => {
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
    expect(said).toContain('There are no labels, so nothing was scored.');
  });

  it.each([
    ['made-metric-rows', 'kiln'],
    ['made-trace-statistics', 'ferry'],
    ['made-commits', 'loom'],
    ['made-database', 'grain'],
    ['made-storm-0', 'well-1'],
    ['made-storm-1', 'mill-1'],
  ])('finds where the trouble of %s is, and cites evidence', (id, entity) => {
    expect(predictions[id]?.ranked[0]?.entity).toBe(entity);
    expect(predictions[id]?.incident).toBe(true);
    expect(predictions[id]?.evidence.length).toBeGreaterThan(0);
  });

  it('blames the commit that took a guard away, and no commit where there was none', () => {
    expect(predictions['made-commits']?.commit).toBe('b'.repeat(40));
    expect(predictions['made-metric-rows']?.commit).toBeNull();
  });

  it('names failure modes by the current state, and knows a healthy window', () => {
    expect(predictions['made-pods']?.failureMode).toBe('image_pull_backoff');
    expect(predictions['made-database']?.failureMode).toBe('cpu_saturation');
    expect(predictions['made-healthy-window']).toMatchObject({ incident: false, failureMode: 'healthy' });
  });

  it('predicts the same again, labels or not, and scores where there are labels', async () => {
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
    const run = await evaluate(labelled, 'two.json', '--json');
    const timeless = (all: Predictions) => Object.entries(all).map(([id, each]) => [id, { ...each, ms: 0 }]);
    expect(timeless(run.predictions())).toEqual(timeless(predictions));
    const told = JSON.parse(run.output) as { cases: number; scores: unknown[] };
    expect(told.cases).toBe(8);
    expect(told.scores[0]).toMatchObject({
      dataset: 'made-up',
      part: null,
      n: 3,
      ac1: { hits: 1, n: 2 },
      specificity: { hits: 1, n: 1 },
    });
  });

  it('tells which files cannot be read, claims nothing of their cases, and predicts the others as before', async () => {
    const torn = join(scratch, 'torn');
    cpSync(CASES, torn, { recursive: true });
    writeFileSync(join(torn, 'commits.json'), '{"id": "made-comm');
    rmSync(join(torn, 'metric-rows-baseline.json'));
    const run = await evaluate(torn, 'three.json');
    expect(run.code).toBe(1);
    expect(run.output).toMatch(/made-commits: .*JSON/);
    expect(run.output).toMatch(/made-metric-rows: .*metric-rows-baseline.json/);
    const after = run.predictions();
    expect(after['made-commits']).toMatchObject({ ranked: [], commit: null, outcome: 'inconclusive' });
    expect({ ...after['made-pods'], ms: 0 }).toEqual({ ...predictions['made-pods'], ms: 0 });
    expect(Object.keys(after)).toHaveLength(8);
  });

  it('goes on when an agent breaks down over a case, names both, and ends as a failure', async () => {
    const env = { NODE_OPTIONS: breakAgent('metrics analysis', 'made-pods') };
    const run = await evaluateIn(env, CASES, 'broken.json');
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

  it('changes the cases on purpose when it is asked to, and refuses a change that it does not know', async () => {
    const ranking = (all: Predictions) => all['made-metric-rows']?.ranked.map(({ entity }) => entity);
    const renamed = await evaluate(CASES, 'renamed.json', '--perturb', 'rename,shift', '--seed', '2');
    expect(ranking(renamed.predictions())).toEqual(ranking(predictions));
    const refused = await evaluate(CASES, 'refused.json', '--perturb', 'melt');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('There is no change melt. Known: no-baseline, rename');
  });

  it('says what it wants when it is not told', async () => {
    const ended = await runToEnd(PROGRAM, [], {});
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('--cases DIR --out predictions.json');
  });
});
