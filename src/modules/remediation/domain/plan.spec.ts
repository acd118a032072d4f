import { describe, expect, it } from '@jest/globals';
import type { Cause } from './actions/action.js';
import { type Plan, adaptPlan, planForCause } from './plan.js';

const deploy: Cause = {
  type: 'deploy',
  service: 'checkout',
  environment: 'production',
  version: 'v42',
  previousVersion: 'v41',
  summary: 'Deploy v42',
};
const helped = planForCause(deploy) as Plan;

describe('an adapted plan', () => {
  it('uses the versions of the change that is suspected now', () => {
    const again = adaptPlan(helped, { ...deploy, version: 'v57', previousVersion: 'v56' });
    expect(again).toEqual(planForCause({ ...deploy, version: 'v57', previousVersion: 'v56' }));
    expect(JSON.stringify(again)).not.toMatch(/v4[12]/);
  });

  const nothing: readonly (readonly [string, Cause | null])[] = [
    ['no change is suspected', null],
    ['the suspected change is of another service', { ...deploy, service: 'search' }],
    ['the suspected change is of another kind', { ...deploy, type: 'flag' }],
  ];
  it.each(nothing)('is manual, without the former versions, when %s', (_, suspected) => {
    const { title, steps } = adaptPlan(helped, suspected);
    expect(steps).toEqual([
      {
        action: 'rollback_deployment',
        description: expect.stringContaining(helped.title),
        params: { service: 'checkout', environment: 'production' },
        manual: true,
      },
    ]);
    expect(title).toContain('by hand');
  });

  it('keeps its own title, and steps with unknown actions', () => {
    const restart = { action: 'restart', description: 'Restart it', params: { service: 'checkout' } };
    const own = { title: 'Our runbook', steps: [restart, ...helped.steps] };
    expect(adaptPlan(own, null)).toMatchObject({
      title: 'Our runbook',
      steps: [restart, { action: 'rollback_deployment', manual: true }],
    });
  });
});
