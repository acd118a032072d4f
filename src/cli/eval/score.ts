import { list, object, optionalText, type Json } from './json.js';
import { bins, type Bin, expectedCalibrationError } from './calibration.js';
import { interval, type Interval } from './interval.js';
import type { Prediction } from './predict.js';

/** A share of cases, `hits` of `n`, with its 95 % interval. */
export interface Share extends Interval {
  readonly hits: number;
  readonly n: number;
}

/** The scores of one group of cases; a score without labels is absent. */
export interface Scores {
  readonly dataset: string;
  /** A system or a fault within the dataset; null for all of it. */
  readonly part: string | null;
  readonly n: number;
  /** AC@1: the true entity is ranked first. */
  readonly ac1?: Share;
  /** AC@3: the true entity is among the first three. */
  readonly ac3?: Share;
  /** Avg@5: the mean of AC@1 to AC@5. */
  readonly avg5?: number;
  readonly commit?: Share;
  /** Cases in which a decoy commit was blamed. */
  readonly decoys?: number;
  readonly failureMode?: Share;
  /** Healthy cases that were recognised as such. */
  readonly specificity?: Share;
  /** Expected calibration error of the confidence. */
  readonly ece?: number;
  readonly reliability?: readonly Bin[];
}

/** A predicted case with its label. */
export interface LabelledPrediction {
  readonly id: string;
  readonly dataset: string;
  readonly system: string;
  readonly label: Json;
  readonly prediction: Prediction;
}

/** Scores by dataset, then by system and by fault if a dataset has several, then of all cases with a true entity. */
export function score(cases: readonly LabelledPrediction[]): Scores[] {
  const datasets = groupsOf(cases, ({ dataset }) => dataset);
  const withEntity = cases.filter(({ label }) => entityOf(label) !== undefined);
  return [
    ...datasets.flatMap(([dataset, own]) => [
      scoresOf(dataset, null, own),
      ...partsOf(dataset, own, ({ system }) => system),
      ...partsOf(dataset, own, ({ label }) => optionalText(label, 'fault')),
    ]),
    ...(datasets.length > 1 && withEntity.length > 0
      ? [scoresOf('all with a true entity', null, withEntity)]
      : []),
  ];
}

function partsOf(
  dataset: string,
  cases: readonly LabelledPrediction[],
  part: (each: LabelledPrediction) => string | undefined,
): Scores[] {
  const parts = groupsOf(cases, part);
  return parts.length > 1 ? parts.map(([name, own]) => scoresOf(dataset, name, own)) : [];
}

function groupsOf(
  cases: readonly LabelledPrediction[],
  key: (each: LabelledPrediction) => string | undefined,
): [string, LabelledPrediction[]][] {
  const names = [...new Set(cases.map(key))].filter((name) => name !== undefined).sort();
  return names.map((name) => [name, cases.filter((each) => key(each) === name)]);
}

function scoresOf(dataset: string, part: string | null, cases: readonly LabelledPrediction[]): Scores {
  const ranked = cases.flatMap(({ label, prediction }) => {
    const entity = entityOf(label);
    if (entity === undefined) return [];
    const index = prediction.ranked.findIndex((each) => each.entity === entity);
    return [{ rank: index === -1 ? Number.POSITIVE_INFINITY : index + 1, confidence: prediction.confidence }];
  });
  const within = (k: number) => share(ranked.map(({ rank }) => rank <= k));
  const commits = cases.filter(({ label }) => optionalText(label, 'root_cause_commit') !== undefined);
  const modes = cases.filter(({ label }) => optionalText(label, 'failure_mode') !== undefined);
  const healthy = cases.filter(({ label }) => isHealthy(label));
  const judged = ranked.map(({ rank, confidence }) => ({ confidence, right: rank === 1 }));
  return {
    dataset,
    part,
    n: cases.length,
    ...(ranked.length === 0
      ? {}
      : {
          ac1: within(1),
          ac3: within(3),
          avg5: [1, 2, 3, 4, 5].reduce((sum, k) => sum + within(k).share, 0) / 5,
          ece: expectedCalibrationError(judged),
          reliability: bins(judged),
        }),
    ...(commits.length === 0
      ? {}
      : {
          commit: share(
            commits.map(({ label, prediction }) => prediction.commit === object(label)['root_cause_commit']),
          ),
          decoys: commits.filter(({ label, prediction }) =>
            list(object(label)['decoy_commits']).includes(prediction.commit),
          ).length,
        }),
    ...(modes.length === 0
      ? {}
      : {
          failureMode: share(
            modes.map(({ label, prediction }) => prediction.failureMode === object(label)['failure_mode']),
          ),
        }),
    ...(healthy.length === 0
      ? {}
      : { specificity: share(healthy.map(({ prediction }) => !prediction.incident)) }),
  };
}

function entityOf(label: Json): string | undefined {
  return optionalText(label, 'root_cause_entity');
}

function isHealthy(label: Json): boolean {
  return (
    optionalText(label, 'failure_mode') === 'healthy' ||
    optionalText(label, 'kind') === 'healthy' ||
    optionalText(label, 'fault') === 'healthy'
  );
}

function share(right: readonly boolean[]): Share {
  const hits = right.filter(Boolean).length;
  return { hits, n: right.length, ...interval(hits, right.length) };
}
