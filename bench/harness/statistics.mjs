export function median(values) {
  const sorted = sort(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns {[number, number]} the smallest and the largest */
export function spread(values) {
  return [Math.min(...values), Math.max(...values)];
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * The 95 % interval of a median, by order statistics: it assumes nothing about how the values are distributed. Fewer than
 * six values cannot be that sure.
 * @returns {[number, number] | null}
 */
export function intervalOfMedian(values) {
  const n = values.length;
  const sorted = sort(values);
  let outside = 2 * 0.5 ** n;
  if (outside > 0.05) return null;
  let rank = 0;
  let chances = 1;
  for (;;) {
    // One step further in on both sides, as long as the chance of missing the median stays below 5 %.
    chances *= (n - rank) / (rank + 1);
    const further = outside + 2 * chances * 0.5 ** n;
    if (further > 0.05) return [sorted[rank], sorted[n - 1 - rank]];
    outside = further;
    rank += 1;
  }
}

export function sort(values) {
  return [...values].sort((a, b) => a - b);
}
