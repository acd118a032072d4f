export interface JudgedPrediction {
  /** 0..1. */
  readonly confidence: number;
  readonly right: boolean;
}

/** The predictions with a confidence in `[from, to)`; the last bin includes 1. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean confidence. */
  readonly confidence: number;
  /** Share of right predictions. */
  readonly accuracy: number;
}

const BINS = 10;

/** Ten bins of equal width; empty ones are left out. */
export function bins(cases: readonly JudgedPrediction[]): Bin[] {
  return Array.from({ length: BINS }, (_, i) => {
    const own = cases.filter(
      ({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS + 1e-9)) === i,
    );
    const mean = (of: (each: JudgedPrediction) => number) =>
      own.reduce((sum, each) => sum + of(each), 0) / own.length;
    return {
      from: i / BINS,
      to: (i + 1) / BINS,
      n: own.length,
      confidence: mean(({ confidence }) => confidence),
      accuracy: mean(({ right }) => Number(right)),
    };
  }).filter(({ n }) => n > 0);
}

/** The expected calibration error (ECE): `Σ n/N · |confidence − accuracy|` over the bins (Naeini et al. 2015). */
export function expectedCalibrationError(cases: readonly JudgedPrediction[]): number {
  return bins(cases).reduce(
    (sum, { n, confidence, accuracy }) => sum + (n / cases.length) * Math.abs(confidence - accuracy),
    0,
  );
}
