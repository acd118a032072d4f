import { describe, expect, it } from '@jest/globals';
import { errorStarts } from './error-start.js';
import { errorVolumeSeries } from './error-volume.js';

const MINUTE = 60_000;
const line = (minute: number, entity: string, level: string) => ({
  evidenceId: 'evd_1',
  row: { timestamp: minute * MINUTE, entity, level, message: 'x' },
});

describe('The error volume', () => {
  it('counts error lines per minute, with zeros where there were none', () => {
    const lines = [line(0, 'a', 'info'), line(1, 'a', 'error'), line(1, 'a', 'error'), line(3, 'a', 'error')];
    expect(errorVolumeSeries(lines, 9 * MINUTE)).toEqual([
      expect.objectContaining({
        entity: 'a',
        values: [0, 2, 0, 1],
        timestamps: [0, 1, 2, 3].map((m) => m * MINUTE),
      }),
    ]);
  });

  it('does not look past the given time', () => {
    const lines = [line(0, 'a', 'info'), line(1, 'a', 'error'), line(5, 'a', 'error')];
    expect(errorVolumeSeries(lines, 2 * MINUTE)[0]?.values).toEqual([0, 1, 0]);
  });

  it('does not lay out a window that a hostile time made endless', () => {
    expect(errorVolumeSeries([line(-1e9, 'a', 'error'), line(1, 'a', 'error')], MINUTE)).toEqual([]);
  });
});

describe('The start of errors', () => {
  const calm = [0, 1, 2].map((minute) => line(minute, 'a', 'info'));
  const errors = [7, 8, 9].map((minute) => line(minute, 'a', 'error'));

  it('is the first error of an entity that had been well', () => {
    expect(errorStarts([...calm, ...errors], 10 * MINUTE)).toEqual([
      { entity: 'a', at: 7 * MINUTE, evidenceIds: ['evd_1'] },
    ]);
  });

  it('is unknown when there was no calm before, or no errors to speak of', () => {
    expect(errorStarts(errors, 10 * MINUTE)).toEqual([]);
    expect(errorStarts([...calm, ...errors.slice(1)], 10 * MINUTE)).toEqual([]);
    expect(errorStarts([line(0, 'a', 'error'), ...calm, ...errors], 10 * MINUTE)).toEqual([]);
  });
});
