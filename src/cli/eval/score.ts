import { list, object, optionalText, type Json } from './json.js';
import { bins, type Bin, expectedCalibrationError } from './calibration.js';
import { interval, type Interval } from './interval.js';
import type { Prediction } from './predict.js';

/** A share of cases: how many of how many, with its 95 % interval. */
export interface Share extends Interval {
  readonly hits: number;
  readonly n: number;
}

/** How one group of cases was answered; what its labels do not tell is absent. */
export interface Scores {
  readonly group: string;
  readonly fault: string | null;
  readonly n: number;
  readonly ac1?: Share;
  readonly ac3?: Share;
  readonly avg5?: number;
  readonly commit?: Share;
  readonly decoys?: number;
  readonly failureMode?: Share;
  /** Of the cases where nothing is wrong, those that were recognised. */
  readonly specificity?: Share;
  readonly ece?: number;
  readonly reliability?: readonly Bin[];
}

export interface Scored {
  readonly id: string;
  readonly group: string;
  readonly label: Json;
  readonly prediction: Prediction;
}

/** Scores per group, then per group and fault where faults are told, then all with a true entity pooled. */
export function score(cases: readonly Scored[]): Scores[] {
  const groups = [...new Set(cases.map(({ group }) => group))].sort();
  const withEntity = cases.filter(({ label }) => entityOf(label) !== undefined);
  return [
    ...groups.flatMap((group) => {
      const own = cases.filter((each) => each.group === group);
      const faults = [...new Set(own.map(({ label }) => optionalText(label, 'fault')))]
        .filter((fault) => fault !== undefined)
        .sort();
      return [
        scoresOf(group, null, own),
        ...(faults.length > 1
          ? faults.map((fault) =>
              scoresOf(
                group,
                fault,
                own.filter(({ label }) => optionalText(label, 'fault') === fault),
              ),
            )
          : []),
      ];
    }),
    ...(groups.length > 1 && withEntity.length > 0
      ? [scoresOf('all with a true entity', null, withEntity)]
      : []),
  ];
}

function scoresOf(group: string, fault: string | null, cases: readonly Scored[]): Scores {
  const ranked = cases.flatMap(({ label, prediction }) => {
    const entity = entityOf(label);
    if (entity === undefined) return [];
    const place = prediction.ranked.findIndex((each) => each.entity === entity);
    return [{ place: place === -1 ? Number.POSITIVE_INFINITY : place, confidence: prediction.confidence }];
  });
  const within = (k: number) => share(ranked.map(({ place }) => place < k));
  const commits = cases.filter(({ label }) => optionalText(label, 'root_cause_commit') !== undefined);
  const modes = cases.filter(({ label }) => optionalText(label, 'failure_mode') !== undefined);
  const healthy = cases.filter(({ label }) => isHealthy(label));
  const judged = ranked.map(({ place, confidence }) => ({ confidence, right: place === 0 }));
  return {
    group,
    fault,
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
