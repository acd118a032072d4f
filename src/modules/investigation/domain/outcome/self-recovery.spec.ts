import { describe, expect, it } from '@jest/globals';
import { at, change, metric, MINUTE, piece } from '../agents/case.fixture.js';
import { selfRecovery } from './self-recovery.js';
import type { Evidence } from '../evidence/evidence.js';
import { EvidenceSet } from '../evidence/evidence-set.js';

/** High from 14:02 on, and normal again from `until` on. */
function pulse(entity: string, until: string): Evidence {
  const rows = Array.from({ length: 51 }, (_, i) => {
    const timestamp = at('13:30') + i * MINUTE;
    const high = timestamp >= at('14:02') && timestamp < at(until);
    return { timestamp, entity, metric: 'error_ratio', value: high ? 0.6 : 0.001 + 0.001 * (i % 2) };
  });
  return piece('metric', 'evd_pulse', rows);
}

const ending = (...evidence: Evidence[]) => selfRecovery(new EvidenceSet(evidence), 'checkout', at('14:02'));

describe('Trouble that ended by itself', () => {
  it('is over when all that users felt is normal again and nothing was changed', () => {
    expect(ending(pulse('checkout', '14:10'), change('13:55'))).toEqual({
      at: at('14:10'),
      evidenceIds: ['evd_pulse'],
    });
  });

  it('is not over while it lasts, for a lull, or while something else still suffers', () => {
    expect(ending(metric('checkout', 'latency_ms', 100, 900))).toBeUndefined();
    expect(ending(pulse('checkout', '14:19'))).toBeUndefined();
    expect(ending(pulse('checkout', '14:10'), metric('checkout', 'latency_ms', 100, 900))).toBeUndefined();
  });

  it('did not end by itself when something was changed on the way, or when it was never felt', () => {
    expect(ending(pulse('checkout', '14:10'), change('14:08'))).toBeUndefined();
    expect(ending(pulse('search', '14:10'))).toBeUndefined();
  });
});
