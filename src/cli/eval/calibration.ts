export interface Judged {
  /** 0..1 */
  readonly confidence: number;
  readonly right: boolean;
}

/** The cases whose confidence lies in `[from, to)`; in the last bin also those of exactly 1. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly confidence: number;
  readonly accuracy: number;
}

const BINS = 10;

/** Ten bins of equal width; empty ones are left out. */
export function bins(cases: readonly Judged[]): Bin[] {
  return Array.from({ length: BINS }, (_, i) => {
    const own = cases.filter(
      ({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS + 1e-9)) === i,
    );
    const mean = (of: (each: Judged) => number) => own.reduce((sum, each) => sum + of(each), 0) / own.length;
    return {
      from: i / BINS,
      to: (i + 1) / BINS,
      n: own.length,
      confidence: mean(({ confidence }) => confidence),
      accuracy: mean(({ right }) => Number(right)),
    };
  }).filter(({ n }) => n > 0);
}

/** The mean distance between what was claimed and what came true, over the bins, weighted by their cases. */
export function expectedCalibrationError(cases: readonly Judged[]): number {
  return bins(cases).reduce(
    (sum, { n, confidence, accuracy }) => sum + (n / cases.length) * Math.abs(confidence - accuracy),
    0,
  );
}
