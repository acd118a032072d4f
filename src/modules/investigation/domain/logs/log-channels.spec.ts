import { describe, expect, it } from '@jest/globals';
import { at, log, MINUTE } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import type { LogLine } from '../evidence/evidence.js';
import { logChannels } from './log-channels.js';
import { compareLogs } from './log-comparison.js';

type Row = Omit<LogLine, 'entity'>;

const every = (message: string, from: string, to: string, level = 'info'): Row[] => {
  const rows: Row[] = [];
  for (let time = at(from); time < at(to); time += MINUTE) rows.push({ timestamp: time, message, level });
  return rows;
};

function channels(rows: readonly Row[]) {
  return logChannels(compareLogs(new EvidenceSet([log('cart', rows)]).logs, at('14:00')));
}

describe('The channels of a log', () => {
  const usual = [...every('query start', '13:00', '15:00'), ...every('cart loaded', '13:00', '15:00')];

  it('are quiet when nothing changes', () => {
    const { failing, silent } = channels(usual);
    expect(failing.size).toBe(0);
    expect(silent.get('cart') ?? 0).toBeLessThan(1);
  });

  it('tell a new message of failure', () => {
    expect(
      channels([...usual, ...every('cart is corrupt', '14:00', '15:00', 'error')]).failing.get('cart'),
    ).toBeGreaterThan(5);
  });

  it('hold a failure that was only passed on less against its writer', () => {
    const own = channels([...usual, ...every('cart is corrupt', '14:00', '15:00', 'error')]);
    const passedOn = channels([...usual, ...every('upstream connection refused', '14:00', '15:00', 'error')]);
    expect(passedOn.failing.get('cart')).toBeLessThan((own.failing.get('cart') ?? 0) / 2);
  });

  it('tell what is no longer reached while the rest goes on', () => {
    const broken = [...every('query start', '13:00', '15:00'), ...every('cart loaded', '13:00', '14:00')];
    expect(channels(broken).silent.get('cart')).toBeGreaterThan(3);
  });

  it('know a statement of the program by its place, whatever it says', () => {
    const rows = [
      ...every('INFO Orders#10 start', '13:00', '15:00'),
      ...every('INFO Orders#12 one two three', '13:00', '14:00'),
      ...every('INFO Orders#12 four', '14:00', '15:00'),
    ];
    expect(channels(rows).silent.get('cart') ?? 0).toBeLessThan(1);
  });
});
