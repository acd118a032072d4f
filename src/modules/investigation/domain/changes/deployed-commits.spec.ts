import { describe, expect, it } from '@jest/globals';
import { withDeployedCommits } from './deployed-commits.js';
import type { Change } from '../evidence/evidence.js';

const cited = (evidenceId: string, row: Partial<Change>) => ({
  evidenceId,
  row: { type: 'code' as const, service: '', summary: 's', occurredAt: 1, ...row },
});

describe('Deployed commits', () => {
  const commit = cited('evd_c', { commit: 'abc', summary: 'New pool', diff: '+pool', paths: ['a.ts'] });

  it('lend their message, paths and diff to the deploy, which cites both', () => {
    const deploy = cited('evd_d', { type: 'deploy', service: 'web', summary: 'v2', commit: 'abc' });
    expect(withDeployedCommits([commit, deploy])).toEqual([
      {
        evidenceId: 'evd_d',
        evidenceIds: ['evd_d', 'evd_c'],
        row: { ...deploy.row, summary: 'New pool (v2)', diff: '+pool', paths: ['a.ts'] },
      },
    ]);
  });

  it('stay by themselves when nothing deployed them', () => {
    expect(withDeployedCommits([commit, cited('evd_d', { type: 'deploy', service: 'web' })])).toHaveLength(2);
  });
});
