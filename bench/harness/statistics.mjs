export function median(values) {
  const sorted = sort(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns {[number, number]} minimum and maximum */
export function spread(values) {
  return [Math.min(...values), Math.max(...values)];
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * The 95 % confidence interval of a median, by order statistics, so without assumptions about the distribution.
 * @returns {[number, number] | null} null for fewer than six values, which cannot reach 95 %
 */
export function intervalOfMedian(values) {
  const n = values.length;
  const sorted = sort(values);
  // The probability that the median is outside of the values of this rank from both ends.
  let outside = 2 * 0.5 ** n;
  if (outside > 0.05) return null;
  let rank = 0;
  let binomial = 1;
  for (;;) {
    binomial *= (n - rank) / (rank + 1);
    outside += 2 * binomial * 0.5 ** n;
    if (outside > 0.05) return [sorted[rank], sorted[n - 1 - rank]];
    rank += 1;
  }
}

/** Growth from one value to the next by Theil and Sen: the median slope of all pairs, robust against outliers. */
export function theilSenSlope(values) {
  const slopes = values.flatMap((value, i) =>
    values.slice(i + 1).map((later, distance) => (later - value) / (distance + 1)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

export function sort(values) {
  return [...values].sort((a, b) => a - b);
}
