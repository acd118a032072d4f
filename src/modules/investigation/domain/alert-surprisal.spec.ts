import { describe, expect, it } from '@jest/globals';
import { surpriseByEntity } from './alert-surprisal.js';
import type { AlertSignal } from './evidence.js';

const alert = (changes: Partial<AlertSignal>) => ({
  evidenceId: 'evd_1',
  row: {
    entity: 'web',
    signal: 'cpu up',
    about: 'metric' as const,
    seenBefore: 0,
    stormsBefore: 99,
    ...changes,
  },
});

describe('The surprise of alerts', () => {
  const of = (...signals: ReturnType<typeof alert>[]) => surpriseByEntity(signals)[0]?.surprise ?? 0;

  it('is larger for an alert that was rarely seen before', () => {
    expect(of(alert({ seenBefore: 1 }))).toBeCloseTo(Math.log(100 / 1.5));
    expect(of(alert({ seenBefore: 98 }))).toBeLessThan(0.1);
  });

  it('grows less with each further alert of the same kind', () => {
    const one = of(alert({}));
    expect(of(alert({}), alert({ signal: 'memory up' }))).toBeCloseTo(1.9 * one);
  });

  it('counts an alert that repeats once', () => {
    expect(of(alert({}), alert({}))).toBe(of(alert({})));
  });

  it('is the same for all when nothing is known of earlier storms', () => {
    expect(of(alert({ stormsBefore: 0 }))).toBeCloseTo(Math.log(2));
  });
});
