/** A soak runs a test with many seeds, each for a while: FAULT_SEEDS=1,2,3 FAULT_SECONDS=60. By default it runs shortly and with one. */
export const SOAK = {
  seeds: (process.env['FAULT_SEEDS'] ?? '1').split(',').map(Number),
  seconds: Number(process.env['FAULT_SECONDS'] ?? 0),
};
