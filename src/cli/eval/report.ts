import type { Scores, Share } from './score.js';

const COLUMNS = [
  'dataset',
  'part',
  'n',
  'AC@1',
  'AC@3',
  'Avg@5',
  'commit',
  'decoys',
  'mode',
  'healthy found',
  'ECE',
] as const;

/** The scores as a table, followed by a reliability table for each dataset. */
export function report(all: readonly Scores[]): string[] {
  return [...tableOf(all), '', ...all.filter(({ part }) => part === null).flatMap(reliabilityOf)];
}

function tableOf(all: readonly Scores[]): string[] {
  const rows = all.map((each): string[] => [
    each.dataset,
    middleCut(each.part ?? ''),
    String(each.n),
    shown(each.ac1),
    shown(each.ac3),
    each.avg5?.toFixed(3) ?? '',
    shown(each.commit),
    each.decoys === undefined ? '' : String(each.decoys),
    shown(each.failureMode),
    shown(each.specificity),
    each.ece?.toFixed(3) ?? '',
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [[...COLUMNS], ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Shortens in the middle: long names of faults are commands that differ at their ends. */
function middleCut(name: string): string {
  return name.length <= 44 ? name : `${name.slice(0, 12)} … ${name.slice(-29)}`;
}

function shown(share: Share | undefined): string {
  if (!share) return '';
  return `${share.share.toFixed(3)} [${share.low.toFixed(2)}, ${share.high.toFixed(2)}] ${share.hits}/${share.n}`;
}

function reliabilityOf({ dataset, reliability }: Scores): string[] {
  if (!reliability) return [];
  return [
    `Reliability of ${dataset}:`,
    ...reliability.map(
      ({ from, to, n, confidence, accuracy }) =>
        `  ${from.toFixed(1)}–${to.toFixed(1)}  n ${String(n).padStart(4)}  claimed ${confidence.toFixed(3)}  true ${accuracy.toFixed(3)}`,
    ),
  ];
}
