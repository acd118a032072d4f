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

const recovery = (...evidence: Evidence[]) =>
  selfRecovery(new EvidenceSet(evidence), 'checkout', at('14:02'));

describe('Recovery without a change', () => {
  it('is when every user-facing symptom is normal again and nothing was changed', () => {
    expect(recovery(pulse('checkout', '14:10'), change('13:55'))).toEqual({
      at: at('14:10'),
      evidenceIds: ['evd_pulse'],
    });
  });

  it('is none while a symptom lasts, or after a short pause', () => {
    expect(recovery(metric('checkout', 'latency_ms', 100, 900))).toBeUndefined();
    expect(recovery(pulse('checkout', '14:19'))).toBeUndefined();
    expect(recovery(pulse('checkout', '14:10'), metric('checkout', 'latency_ms', 100, 900))).toBeUndefined();
  });

  it('is none when something was changed meanwhile, or when the service had no symptom', () => {
    expect(recovery(pulse('checkout', '14:10'), change('14:08'))).toBeUndefined();
    expect(recovery(pulse('search', '14:10'))).toBeUndefined();
  });
});
