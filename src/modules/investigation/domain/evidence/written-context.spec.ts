import { describe, expect, it } from '@jest/globals';
import { EvidenceSet } from './evidence-set.js';
import type { Evidence } from './evidence.js';
import { hypothesis } from '../hypothesis.js';
import { writtenContext } from './written-context.js';

const written = (type: 'note' | 'runbook', evidenceId: string, text: string): Evidence => ({
  evidenceId,
  type,
  source: 'wiki',
  summary: '',
  observedAt: 0,
  rows: [{ text }],
});
const best = hypothesis({
  statement: 'checkout ran out of connections',
  score: 0.6,
  status: 'supported',
  supportedBy: ['evd_1'],
  category: 'resource',
  witnesses: ['named_cause'],
});

describe('Notes and runbooks', () => {
  const set = new EvidenceSet([
    written('runbook', 'evd_pool', 'When checkout has no connection left: raise the pool.'),
    written('note', 'evd_weather', 'It rains.'),
    written('note', 'evd_blank', ' '),
  ]);

  it('are cited with the words that they share with the likely cause', () => {
    expect(writtenContext(set, best)).toMatchObject([
      {
        statement:
          'The runbook from wiki mentions the likely cause (“checkout” and “connection”): “When checkout has no connection left: raise the pool.”',
        evidenceIds: ['evd_pool'],
        kind: 'written_context',
      },
      {
        statement: 'The note from wiki does not mention what was found: “It rains.”',
        evidenceIds: ['evd_weather'],
      },
    ]);
  });

  it('are cited when there is no likely cause, too', () => {
    expect(writtenContext(set, undefined)).toHaveLength(2);
  });
});
