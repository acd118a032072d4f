import { describe, expect, it } from '@jest/globals';
import { errorOnsets } from './error-onset.js';
import { errorVolumeSeries } from './error-volume.js';

const MINUTE = 60_000;
const line = (minute: number, entity: string, level: string) => ({
  evidenceId: 'evd_1',
  row: { timestamp: minute * MINUTE, entity, level, message: 'x' },
});

describe('The error volume', () => {
  it('counts error lines per minute, with zeros for minutes without errors', () => {
    const lines = [line(0, 'a', 'info'), line(1, 'a', 'error'), line(1, 'a', 'error'), line(3, 'a', 'error')];
    expect(errorVolumeSeries(lines, 9 * MINUTE)).toEqual([
      expect.objectContaining({
        entity: 'a',
        values: [0, 2, 0, 1],
        timestamps: [0, 1, 2, 3].map((m) => m * MINUTE),
      }),
    ]);
  });

  it('ignores lines after the given time', () => {
    const lines = [line(0, 'a', 'info'), line(1, 'a', 'error'), line(5, 'a', 'error')];
    expect(errorVolumeSeries(lines, 2 * MINUTE)[0]?.values).toEqual([0, 1, 0]);
  });

  it('returns nothing for a window that a hostile timestamp made too long', () => {
    expect(errorVolumeSeries([line(-1e9, 'a', 'error'), line(1, 'a', 'error')], MINUTE)).toEqual([]);
  });
});

describe('The onset of errors', () => {
  const healthy = [0, 1, 2].map((minute) => line(minute, 'a', 'info'));
  const errors = [7, 8, 9].map((minute) => line(minute, 'a', 'error'));

  it('is the first error of an entity that logged none before', () => {
    expect(errorOnsets([...healthy, ...errors], 10 * MINUTE)).toEqual([
      { entity: 'a', at: 7 * MINUTE, evidenceIds: ['evd_1'] },
    ]);
  });

  it('is unknown without a healthy baseline, or with too few errors', () => {
    expect(errorOnsets(errors, 10 * MINUTE)).toEqual([]);
    expect(errorOnsets([...healthy, ...errors.slice(1)], 10 * MINUTE)).toEqual([]);
    expect(errorOnsets([line(0, 'a', 'error'), ...healthy, ...errors], 10 * MINUTE)).toEqual([]);
  });
});
