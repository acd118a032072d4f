/** Milliseconds since 1970 with fractions, comparable between processes. */
export function epochNow() {
  return toEpoch(performance.now());
}

/** @param time a value of `performance.now()` */
export function toEpoch(time) {
  return performance.timeOrigin + time;
}
