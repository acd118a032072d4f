import { describe, expect, it } from '@jest/globals';
import { at, log, MINUTE } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import type { LogLine } from '../evidence/evidence.js';
import { logAnomalies } from './log-anomalies.js';
import { compareLogs } from './log-comparison.js';

type Row = Omit<LogLine, 'entity'>;

const every = (message: string, from: string, to: string, level = 'info'): Row[] => {
  const rows: Row[] = [];
  for (let time = at(from); time < at(to); time += MINUTE) rows.push({ timestamp: time, message, level });
  return rows;
};

function anomalies(rows: readonly Row[]) {
  return logAnomalies(compareLogs(new EvidenceSet([log('cart', rows)]).logs, at('14:00')));
}

describe('Log anomalies', () => {
  const usual = [...every('query start', '13:00', '15:00'), ...every('cart loaded', '13:00', '15:00')];

  it('are absent when nothing changes', () => {
    const { errors, missing } = anomalies(usual);
    expect(errors.size).toBe(0);
    expect(missing.get('cart') ?? 0).toBeLessThan(1);
  });

  it('score a new error message', () => {
    expect(
      anomalies([...usual, ...every('cart is corrupt', '14:00', '15:00', 'error')]).errors.get('cart'),
    ).toBeGreaterThan(5);
  });

  it('weigh a propagated error less than one of the entity itself', () => {
    const own = anomalies([...usual, ...every('cart is corrupt', '14:00', '15:00', 'error')]);
    const propagated = anomalies([
      ...usual,
      ...every('upstream connection refused', '14:00', '15:00', 'error'),
    ]);
    expect(propagated.errors.get('cart')).toBeLessThan((own.errors.get('cart') ?? 0) / 2);
  });

  it('score a message that stops while the others continue', () => {
    const broken = [...every('query start', '13:00', '15:00'), ...every('cart loaded', '13:00', '14:00')];
    expect(anomalies(broken).missing.get('cart')).toBeGreaterThan(3);
  });

  it('identify a log statement by its source location, whatever its text', () => {
    const rows = [
      ...every('INFO Orders#10 start', '13:00', '15:00'),
      ...every('INFO Orders#12 one two three', '13:00', '14:00'),
      ...every('INFO Orders#12 four', '14:00', '15:00'),
    ];
    expect(anomalies(rows).missing.get('cart') ?? 0).toBeLessThan(1);
  });
});
