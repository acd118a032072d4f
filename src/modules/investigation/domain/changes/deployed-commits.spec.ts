import { describe, expect, it } from '@jest/globals';
import { withDeployedCommits } from './deployed-commits.js';
import type { Change } from '../evidence/evidence.js';

const cited = (evidenceId: string, row: Partial<Change>) => ({
  evidenceId,
  row: { type: 'code' as const, service: '', summary: 's', occurredAt: 1, ...row },
});

describe('Deployed commits', () => {
  const commit = cited('evd_c', { commit: 'abc', summary: 'New pool', diff: '+pool', paths: ['a.ts'] });

  it('are merged into the deploy, which cites both', () => {
    const deploy = cited('evd_d', { type: 'deploy', service: 'web', summary: 'v2', commit: 'abc' });
    expect(withDeployedCommits([commit, deploy])).toEqual([
      {
        evidenceId: 'evd_d',
        evidenceIds: ['evd_d', 'evd_c'],
        row: { ...deploy.row, summary: 'New pool (v2)', diff: '+pool', paths: ['a.ts'] },
      },
    ]);
  });

  it('are merged into a deploy with two records, which are one deploy that cites all', () => {
    const changeId = 'chg_01HX9VTPQR3KF8MZWBYD5N6JCE';
    const made = cited('evd_m', { type: 'deploy', service: 'web', version: 'v2', commit: 'abc', changeId });
    const told = cited('evd_t', { type: 'deploy', service: 'web', version: 'abc', changeId, occurredAt: 2 });
    expect(withDeployedCommits([commit, made, told])).toEqual([
      {
        evidenceId: 'evd_t',
        evidenceIds: ['evd_t', 'evd_m', 'evd_c'],
        row: { ...made.row, ...told.row, summary: 'New pool (s)', diff: '+pool', paths: ['a.ts'] },
      },
    ]);
    const others = [made, { ...told, row: { ...told.row, changeId: 'v2' } }];
    expect(withDeployedCommits(others)).toHaveLength(2);
  });

  it('stay apart when one piece of evidence contains several', () => {
    const rows = ['v1', 'v2'].map((version) => cited('evd_d', { type: 'deploy', service: 'web', version }));
    expect(withDeployedCommits(rows)).toHaveLength(2);
  });

  it('are deduplicated when records are equal, in one piece of evidence or in two, and cite each piece once', () => {
    const deploy = { type: 'deploy', service: 'web', version: 'v2' } as const;
    const told = [cited('evd_a', deploy), cited('evd_a', deploy), cited('evd_b', deploy)];
    expect(withDeployedCommits(told)).toMatchObject([
      { row: { version: 'v2' }, evidenceIds: ['evd_b', 'evd_a'] },
    ]);
  });

  it('remain when no deploy refers to them', () => {
    expect(withDeployedCommits([commit, cited('evd_d', { type: 'deploy', service: 'web' })])).toHaveLength(2);
  });
});
