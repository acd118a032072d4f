// Runs the product's agents over recorded cases (format `rca-case/1`) and, where labels are there, says how well they did.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runProgram } from '../run-program.js';
import { EvalError } from './eval/eval-error.js';
import { HealthyWindows } from './eval/healthy-windows.js';
import { CaseFolder } from './eval/load-cases.js';
import { Perturbations } from './eval/perturb.js';
import { predict, type Prediction } from './eval/predict.js';
import { report } from './eval/report.js';
import { score } from './eval/score.js';

const USAGE =
  'Usage: npm run eval -- --cases DIR --out predictions.json [--json] [--perturb CHANGE[=AMOUNT],… [--seed N]] [--healthy-windows]';

await runProgram({ failed: 'The evaluation could not be run.', usage: USAGE }, async (say) => {
  const values = options();
  const folder = await CaseFolder.open(values.cases);
  const perturbations = Perturbations.parse(values.perturb, values.seed);
  const windows = values.healthyWindows ? new HealthyWindows() : undefined;
  const predictions: Record<string, Prediction> = {};
  const failures: string[] = [];
  const sources = new Map<string, { dataset: string; system: string }>();
  for (const [i, entry] of folder.entries.entries()) {
    const read = await folder.load(entry);
    for (const raw of windows?.of(read) ?? [read]) {
      const predicted = predict(raw, () => performance.now(), perturbations);
      predictions[raw.id] = predicted.prediction;
      failures.push(...predicted.failures);
      sources.set(raw.id, { dataset: raw.dataset, system: raw.system });
    }
    progress(i + 1, folder.entries.length);
  }
  // Printed at once, and shown by the exit code: scores that omit unread cases or failed agents would mislead.
  const problems = [...folder.unread, ...failures];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
  await writeFile(values.out, `${JSON.stringify(predictions, undefined, 1)}\n`);
  // Read only now: no prediction may have seen a label.
  const labels = windows?.labels ?? (await folder.labels());
  const scores = labels
    ? score(
        Object.entries(predictions).flatMap(([id, prediction]) =>
          labels[id] === undefined
            ? []
            : [
                {
                  id,
                  dataset: sources.get(id)?.dataset ?? '',
                  system: sources.get(id)?.system ?? '',
                  label: labels[id],
                  prediction,
                },
              ],
        ),
      )
    : undefined;
  if (values.json) {
    say(JSON.stringify({ cases: sources.size, out: values.out, scores: scores ?? null }));
    return;
  }
  say(`${sources.size} cases predicted, written to ${values.out}.`);
  if (scores) report(scores).forEach(say);
  else say('There are no labels, so nothing was scored.');
});

interface Options {
  readonly cases: string;
  readonly out: string;
  readonly json: boolean;
  readonly perturb: string;
  readonly seed: number;
  readonly healthyWindows: boolean;
}

function options(): Options {
  try {
    const { cases, out, json, perturb, seed, ...others } = parseArgs({
      options: {
        cases: { type: 'string' },
        out: { type: 'string' },
        json: { type: 'boolean', default: false },
        perturb: { type: 'string', default: '' },
        seed: { type: 'string', default: '1' },
        'healthy-windows': { type: 'boolean', default: false },
      },
    }).values;
    if (cases !== undefined && out !== undefined && Number.isInteger(Number(seed))) {
      return { cases, out, json, perturb, seed: Number(seed), healthyWindows: others['healthy-windows'] };
    }
  } catch (error) {
    throw new EvalError(`${(error as Error).message}\n${USAGE}`);
  }
  throw new EvalError(USAGE);
}

function progress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${done}/${all}${done === all ? '\n' : ''}`);
}
