import { describe, expect, it } from '@jest/globals';
import { Refusal } from '#kernel/domain/errors';
import { newId, newTenantId } from '#kernel/domain/ids';
import type { DomainEvent } from '#kernel/events/define-event';
import { type Plan, planForCause } from './plan.js';
import type { ApprovalPolicy } from './proposal.js';
import { type Ending, Remediation } from './remediation.js';
import type { Executable } from './step.js';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const LATER = new Date('2026-03-01T12:00:05.000Z');
const ADA = newId('user');
const GRACE = newId('user');
const EVERYTHING: Executable = () => true;
const NOTHING: Executable = () => false;
const FOUR_EYES = { allowSelfApproval: false };
const rollback = {
  action: 'rollback_deployment',
  params: { service: 'checkout', version: '2', toVersion: '1' },
};
const TWO_STEPS: Plan = {
  title: 'Roll back and clear',
  steps: [
    { ...rollback, description: 'Roll back checkout' },
    { action: 'clear_cache', description: 'Clear the cache', params: {} },
  ],
};

function proposed({
  plan = TWO_STEPS,
  isExecutable = EVERYTHING,
  startedBy = null,
  policy = {},
}: {
  plan?: Plan;
  isExecutable?: Executable;
  startedBy?: string | null;
  policy?: Partial<ApprovalPolicy>;
} = {}): Remediation {
  const origin = {
    incidentId: newId('inc'),
    investigationId: newId('inv'),
    investigationStartedBy: startedBy,
  };
  const approvalPolicy = { required: 1, expiresInMinutes: 30, ...policy };
  return Remediation.propose(newTenantId(), origin, plan, isExecutable, approvalPolicy, NOW);
}

function approved(options?: Parameters<typeof proposed>[0]): Remediation {
  const remediation = proposed(options);
  approve(remediation);
  remediation.takeRecorded();
  return remediation;
}

function executing(options?: Parameters<typeof proposed>[0]): Remediation {
  const remediation = approved(options);
  remediation.beginExecution(NOW);
  return remediation;
}

function approve(remediation: Remediation, by: string = ADA, now = NOW): boolean {
  return remediation.approve({ by, notes: null }, { allowSelfApproval: true }, now);
}

/** Sends the next step and records its outcome. */
function run(remediation: Remediation, status: 'succeeded' | 'failed' | 'unknown'): Ending | undefined {
  const { stepId, attempt } = remediation.beginStep(NOW);
  const outcome =
    status === 'unknown' ? { status, reason: 'connection reset' } : { status, output: { ok: 1 } };
  return remediation.recordOutcome(stepId, attempt, outcome, LATER);
}

function stepIdOf(remediation: Remediation, index: number): string {
  return remediation.steps[index - 1]?.stepId ?? '';
}

function statuses(remediation: Remediation): string[] {
  return remediation.steps.map(({ status }) => status);
}

function recorded(remediation: Remediation): [string, object][] {
  return remediation.takeRecorded().map(({ type, data }: DomainEvent) => [type, data]);
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'none';
}

describe('a proposal', () => {
  it('publishes the proposal, then the approval request', () => {
    const remediation = proposed();
    const { remediationId, incidentId, approvalId } = remediation;
    expect(recorded(remediation)).toEqual([
      [
        'remediation.proposed',
        {
          incidentId,
          remediationId,
          title: 'Roll back and clear',
          requiresApproval: true,
          steps: ['Roll back checkout', 'Clear the cache'],
        },
      ],
      [
        'approval.requested',
        { approvalId, remediationId, incidentId, expiresAt: '2026-03-01T12:30:00.000Z' },
      ],
    ]);
  });

  it('assigns actions without a runner to people, and rates unknown actions as high risk', () => {
    const { steps } = proposed({ isExecutable: (action) => action === 'rollback_deployment' });
    expect(steps).toMatchObject([
      { index: 1, manual: false, risk: 'medium', reversible: true, status: 'pending', attempt: 0 },
      { index: 2, manual: true, risk: 'high', reversible: false, status: 'pending', attempt: 0 },
    ]);
  });
});

describe('an approval', () => {
  it('publishes the approval of the plan, then the decision on the request', () => {
    const remediation = proposed();
    remediation.takeRecorded();
    const { remediationId, incidentId, approvalId } = remediation;
    expect(approve(remediation)).toBe(true);
    expect(remediation.status).toBe('approved');
    expect(recorded(remediation)).toEqual([
      ['remediation.approved', { remediationId, approvedBy: ADA, incidentId }],
      ['approval.resolved', { approvalId, remediationId, incidentId, decision: 'approved', decidedBy: ADA }],
    ]);
  });

  it('is refused a second time, by anyone', () => {
    const remediation = approved();
    expect(codeOf(() => approve(remediation))).toBe('already_decided');
    expect(codeOf(() => approve(remediation, GRACE))).toBe('already_decided');
    expect(codeOf(() => remediation.reject({ by: GRACE, reason: null }, NOW))).toBe('already_decided');
    expect(recorded(remediation)).toEqual([]);
  });

  it('needs as many different admins as the tenant requires', () => {
    const remediation = proposed({ policy: { required: 2 } });
    remediation.takeRecorded();
    expect(approve(remediation)).toBe(false);
    expect(codeOf(() => approve(remediation))).toBe('already_decided');
    expect(remediation.status).toBe('proposed');
    expect(recorded(remediation)).toEqual([]);
    expect(approve(remediation, GRACE)).toBe(true);
    expect(remediation.approvals.map(({ userId }) => userId)).toEqual([ADA, GRACE]);
    expect(recorded(remediation).map(([type]) => type)).toEqual([
      'remediation.approved',
      'approval.resolved',
    ]);
  });

  it('is refused to the person who started the investigation when the tenant forbids self-approval', () => {
    const remediation = proposed({ startedBy: ADA });
    expect(codeOf(() => remediation.approve({ by: ADA, notes: null }, FOUR_EYES, NOW))).toBe('forbidden');
    expect(remediation.approve({ by: GRACE, notes: null }, FOUR_EYES, NOW)).toBe(true);
  });

  it('is allowed to the person who started the investigation when the tenant allows self-approval', () => {
    expect(approve(proposed({ startedBy: ADA }))).toBe(true);
  });

  it('is refused when the plan has changed', () => {
    const remediation = proposed();
    Object.assign(remediation.steps[0] ?? {}, { params: { ...rollback.params, toVersion: '0.0.1' } });
    expect(codeOf(() => approve(remediation))).toBe('conflict');
    const after = approved();
    Object.assign(after.steps[1] ?? {}, { action: 'drop_database' });
    expect(codeOf(() => after.beginExecution(NOW))).toBe('conflict');
  });

  it('is accepted when the database returns the parameters in another order', () => {
    const remediation = proposed();
    const params = Object.fromEntries(Object.entries(remediation.steps[0]?.params ?? {}).reverse());
    Object.assign(remediation.steps[0] ?? {}, { params });
    expect(approve(remediation)).toBe(true);
  });

  it('expires, even before the expiry job runs', () => {
    const remediation = proposed();
    const tooLate = new Date('2026-03-01T12:30:00.000Z');
    expect(codeOf(() => approve(remediation, ADA, tooLate))).toBe('approval_expired');
    expect(codeOf(() => remediation.reject({ by: ADA, reason: null }, tooLate))).toBe('approval_expired');
    remediation.takeRecorded();
    const { approvalId, remediationId, incidentId } = remediation;
    expect(remediation.expire(approvalId)).toBe(true);
    expect(remediation.status).toBe('expired');
    expect(recorded(remediation)).toEqual([
      ['approval.resolved', { approvalId, remediationId, incidentId, decision: 'expired', decidedBy: null }],
    ]);
    expect(remediation.expire(approvalId)).toBe(false);
    expect(codeOf(() => approve(remediation))).toBe('approval_expired');
  });

  it('does not expire once the plan is approved', () => {
    const remediation = approved();
    expect(remediation.expire(remediation.approvalId)).toBe(false);
    expect(remediation.status).toBe('approved');
  });

  it('can be requested again for an expired plan, under a new id and without former approvals', () => {
    const remediation = proposed({ policy: { required: 2 } });
    approve(remediation);
    const first = remediation.approvalId;
    expect(codeOf(() => remediation.requestApproval({ required: 1, expiresInMinutes: 5 }, NOW))).toBe(
      'conflict',
    );
    remediation.expire(first);
    remediation.takeRecorded();
    remediation.requestApproval({ required: 1, expiresInMinutes: 5 }, NOW);
    expect(remediation).toMatchObject({ status: 'proposed', approvals: [] });
    expect(remediation.approvalId).not.toBe(first);
    expect(recorded(remediation).map(([type]) => type)).toEqual(['approval.requested']);
    expect(remediation.expire(first)).toBe(false);
    expect(
      codeOf(() =>
        remediation.approve({ by: ADA, notes: null, approvalId: first }, { allowSelfApproval: true }, NOW),
      ),
    ).toBe('approval_expired');
    expect(approve(remediation)).toBe(true);
  });
});

describe('a rejection', () => {
  it('publishes the rejection of the plan, then the decision on the request, and is final', () => {
    const remediation = proposed();
    remediation.takeRecorded();
    const { remediationId, incidentId, approvalId } = remediation;
    remediation.reject({ by: ADA, reason: 'Wrong service' }, NOW);
    expect(remediation.status).toBe('rejected');
    expect(recorded(remediation)).toEqual([
      ['remediation.rejected', { remediationId, incidentId, rejectedBy: ADA, reason: 'Wrong service' }],
      ['approval.resolved', { approvalId, remediationId, incidentId, decision: 'rejected', decidedBy: ADA }],
    ]);
    expect(codeOf(() => approve(remediation))).toBe('already_decided');
    expect(codeOf(() => remediation.beginExecution(NOW))).toBe('conflict');
  });
});

describe('an execution', () => {
  it('starts only with an approved plan, and once', () => {
    expect(codeOf(() => proposed().beginExecution(NOW))).toBe('conflict');
    expect(codeOf(() => executing().beginExecution(NOW))).toBe('conflict');
  });

  it('runs the steps in order and is verified when all succeeded and a runner did at least one', () => {
    const remediation = executing();
    expect(run(remediation, 'succeeded')).toBeUndefined();
    expect(run(remediation, 'succeeded')).toBe('verified');
    expect(remediation).toMatchObject({ status: 'completed', executedAt: LATER, durationMs: 5000 });
    expect(remediation.steps[0]).toMatchObject({ attempt: 1, output: { ok: 1 }, durationMs: 5000 });
    const { remediationId, incidentId } = remediation;
    expect(recorded(remediation)).toEqual([
      ['remediation.executed', { remediationId, incidentId, outcome: 'success', durationMs: 5000 }],
    ]);
  });

  it('skips the steps after a failed one', () => {
    const remediation = executing();
    expect(run(remediation, 'failed')).toBe('failed');
    expect(statuses(remediation)).toEqual(['failed', 'skipped']);
    expect(remediation.status).toBe('failed');
    expect(recorded(remediation)).toMatchObject([['remediation.executed', { outcome: 'failure' }]]);
  });

  it('waits for a person at a manual step only', () => {
    const remediation = executing({ isExecutable: (action) => action !== 'clear_cache' });
    const done = { status: 'succeeded', output: 'cleared' } as const;
    expect(codeOf(() => remediation.completeStep(stepIdOf(remediation, 2), done, NOW))).toBe('conflict');
    expect(codeOf(() => remediation.completeStep(stepIdOf(remediation, 1), done, NOW))).toBe('conflict');
    run(remediation, 'succeeded');
    expect(remediation.nextForRunner).toBeUndefined();
    expect(remediation.status).toBe('executing');
    expect(codeOf(() => remediation.retryStep(stepIdOf(remediation, 2)))).toBe('conflict');
    expect(remediation.completeStep(stepIdOf(remediation, 2), done, NOW)).toBe('verified');
    expect(codeOf(() => remediation.completeStep(stepIdOf(remediation, 2), done, NOW))).toBe('conflict');
    expect(codeOf(() => remediation.completeStep(newId('stp'), done, NOW))).toBe('not_found');
  });

  it('is not verified when people did every step', () => {
    const remediation = executing({ isExecutable: NOTHING });
    const done = { status: 'succeeded', output: null } as const;
    remediation.completeStep(stepIdOf(remediation, 1), done, NOW);
    expect(remediation.completeStep(stepIdOf(remediation, 2), done, NOW)).toBe('done_by_hand');
    expect(remediation.status).toBe('completed');
    expect(recorded(remediation)).toMatchObject([['remediation.executed', { outcome: 'success' }]]);
  });

  it('fails when a person reports that a manual step failed', () => {
    const remediation = executing({ isExecutable: NOTHING });
    const failed = { status: 'failed', output: null } as const;
    expect(remediation.completeStep(stepIdOf(remediation, 1), failed, NOW)).toBe('failed');
    expect(statuses(remediation)).toEqual(['failed', 'skipped']);
  });

  it('sends a step again that certainly did not arrive', () => {
    const remediation = executing();
    const { stepId } = remediation.beginStep(NOW);
    const notSent = { status: 'not_sent', reason: 'connection refused' } as const;
    expect(remediation.recordOutcome(stepId, 1, notSent, LATER)).toBeUndefined();
    expect(remediation.nextForRunner).toMatchObject({ stepId, output: { reason: 'connection refused' } });
    expect(remediation.beginStep(NOW)).toMatchObject({ stepId, attempt: 2 });
  });

  it('fails a step whose action no runner lists any more', () => {
    const remediation = executing();
    expect(remediation.failUnsent('no runner', NOW)).toBe('failed');
    expect(remediation.steps[0]).toMatchObject({
      status: 'failed',
      attempt: 0,
      output: { reason: 'no runner' },
    });
  });
});

describe('an interrupted step', () => {
  it('is unknown, ends the plan, and is not sent again automatically', () => {
    const remediation = executing();
    const { stepId } = remediation.beginStep(NOW);
    expect(remediation.nextForRunner).toBeUndefined();
    expect(remediation.reportInterruption(LATER)).toBe('failed');
    expect(statuses(remediation)).toEqual(['unknown', 'skipped']);
    expect(recorded(remediation)).toMatchObject([['remediation.executed', { outcome: 'unknown' }]]);
    expect(remediation.reportInterruption(LATER)).toBeUndefined();
    expect(remediation.nextForRunner).toBeUndefined();
    // The process that was considered dead was only slow.
    expect(
      remediation.recordOutcome(stepId, 1, { status: 'succeeded', output: null }, LATER),
    ).toBeUndefined();
    expect(remediation.status).toBe('failed');
  });

  it('is sent again under the same id when a person retries it, and the plan continues', () => {
    const remediation = executing();
    run(remediation, 'unknown');
    const { stepId } = remediation.steps[0] ?? {};
    remediation.retryStep(stepIdOf(remediation, 1));
    expect(remediation.status).toBe('executing');
    expect(remediation.beginStep(NOW)).toMatchObject({ stepId, attempt: 2 });
    remediation.recordOutcome(stepIdOf(remediation, 1), 2, { status: 'succeeded', output: null }, NOW);
    expect(run(remediation, 'succeeded')).toBe('verified');
    expect(recorded(remediation)).toMatchObject([
      ['remediation.executed', { outcome: 'unknown' }],
      ['remediation.executed', { outcome: 'success' }],
    ]);
  });

  it('can be completed by a person who has checked the result', () => {
    const remediation = executing();
    run(remediation, 'unknown');
    expect(remediation.isUnknown(stepIdOf(remediation, 1))).toBe(true);
    const done = { status: 'succeeded', output: 'version 1 is deployed' } as const;
    expect(remediation.completeStep(stepIdOf(remediation, 1), done, NOW)).toBeUndefined();
    expect(remediation.nextForRunner).toMatchObject({ index: 2 });
    expect(run(remediation, 'succeeded')).toBe('verified');
  });

  it('stays unknown when the retry does not arrive', () => {
    const remediation = executing();
    run(remediation, 'unknown');
    remediation.retryStep(stepIdOf(remediation, 1));
    const { stepId, attempt } = remediation.beginStep(NOW);
    const givenUp = { status: 'given_up', reason: 'connection refused' } as const;
    remediation.takeRecorded();
    expect(remediation.recordOutcome(stepId, attempt, givenUp, LATER)).toBe('failed');
    expect(statuses(remediation)).toEqual(['unknown', 'skipped']);
    expect(recorded(remediation)).toMatchObject([['remediation.executed', { outcome: 'unknown' }]]);
    remediation.retryStep(stepId);
    remediation.failUnsent('no runner', NOW);
    expect(statuses(remediation)).toEqual(['unknown', 'skipped']);
    remediation.retryStep(stepId);
    expect(run(remediation, 'failed')).toBe('failed');
    expect(statuses(remediation)).toEqual(['failed', 'skipped']);
  });

  it('can turn out to have failed', () => {
    const remediation = executing();
    run(remediation, 'unknown');
    remediation.takeRecorded();
    const failed = { status: 'failed', output: null } as const;
    expect(remediation.completeStep(stepIdOf(remediation, 1), failed, NOW)).toBe('failed');
    expect(statuses(remediation)).toEqual(['failed', 'skipped']);
    expect(recorded(remediation)).toMatchObject([['remediation.executed', { outcome: 'failure' }]]);
    expect(codeOf(() => remediation.retryStep(stepIdOf(remediation, 1)))).toBe('conflict');
  });
});

describe('a dry run', () => {
  it('changes nothing but the output of the steps, until the plan is executed', () => {
    const remediation = approved();
    remediation.recordDryRun(stepIdOf(remediation, 1), { status: 'succeeded', output: 'would roll back' });
    expect(remediation.steps[0]).toMatchObject({
      status: 'pending',
      attempt: 0,
      output: { dryRun: true, status: 'succeeded', output: 'would roll back' },
    });
    expect(remediation.status).toBe('approved');
    expect(recorded(remediation)).toEqual([]);
    remediation.beginExecution(NOW);
    expect(remediation.steps[0]?.output).toBeNull();
    remediation.recordDryRun(stepIdOf(remediation, 1), { status: 'succeeded', output: 'too late' });
    expect(remediation.steps[0]?.output).toBeNull();
  });
});

describe('a rollback', () => {
  function completed(): Remediation {
    const remediation = executing();
    run(remediation, 'succeeded');
    run(remediation, 'succeeded');
    remediation.takeRecorded();
    return remediation;
  }

  it('appends steps that reverse the reversible ones', () => {
    const remediation = completed();
    remediation.rollBack(EVERYTHING);
    expect(remediation.status).toBe('executing');
    expect(remediation.steps).toHaveLength(3);
    expect(remediation.steps[2]).toMatchObject({
      index: 3,
      action: 'rollback_deployment',
      description: 'Deploy 2 of checkout again',
      params: { service: 'checkout', version: '1', toVersion: '2' },
      reverses: stepIdOf(remediation, 1),
      status: 'pending',
    });
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(remediation.status).toBe('rolled_back');
    expect(recorded(remediation)).toMatchObject([['remediation.rolled_back', { outcome: 'success' }]]);
    expect(codeOf(() => remediation.rollBack(EVERYTHING))).toBe('conflict');
  });

  it('reverses the steps that succeeded before another one failed', () => {
    const remediation = executing();
    run(remediation, 'succeeded');
    run(remediation, 'failed');
    remediation.rollBack(EVERYTHING);
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(statuses(remediation)).toEqual(['succeeded', 'failed', 'succeeded']);
  });

  it('may fail or be interrupted, and its unknown step can be retried', () => {
    const remediation = completed();
    remediation.rollBack(EVERYTHING);
    expect(run(remediation, 'unknown')).toBe('rolled_back');
    expect(remediation.status).toBe('failed');
    remediation.retryStep(stepIdOf(remediation, 3));
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(remediation.status).toBe('rolled_back');
  });

  const TWO_REVERSIBLE: Plan = {
    title: 'Roll two back',
    steps: [
      { ...rollback, description: 'Roll back checkout' },
      { ...rollback, params: { ...rollback.params, service: 'cart' }, description: 'Roll back cart' },
    ],
  };

  function halfRolledBack(outcome: 'failed' | 'unknown'): Remediation {
    const remediation = executing({ plan: TWO_REVERSIBLE });
    run(remediation, 'succeeded');
    run(remediation, 'succeeded');
    remediation.rollBack(EVERYTHING);
    run(remediation, 'succeeded');
    expect(run(remediation, outcome)).toBe('rolled_back');
    expect(remediation.status).toBe('failed');
    return remediation;
  }

  it('that failed can be repeated, for the remaining steps', () => {
    const remediation = halfRolledBack('failed');
    remediation.rollBack(EVERYTHING);
    expect(remediation.steps.slice(4)).toMatchObject([
      { index: 5, reverses: stepIdOf(remediation, 1), status: 'pending' },
    ]);
    expect(codeOf(() => remediation.retryStep(stepIdOf(remediation, 4)))).toBe('conflict');
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(remediation.status).toBe('rolled_back');
    expect(statuses(remediation)).toEqual(['succeeded', 'succeeded', 'succeeded', 'failed', 'succeeded']);
    expect(codeOf(() => remediation.rollBack(EVERYTHING))).toBe('conflict');
  });

  it('that failed at its first step is repeated from the start', () => {
    const remediation = executing({ plan: TWO_REVERSIBLE });
    run(remediation, 'succeeded');
    run(remediation, 'succeeded');
    remediation.rollBack(EVERYTHING);
    run(remediation, 'failed');
    expect(statuses(remediation).slice(2)).toEqual(['failed', 'skipped']);
    remediation.rollBack(EVERYTHING);
    expect(remediation.steps.slice(4).map(({ params }) => params['service'])).toEqual(['cart', 'checkout']);
    run(remediation, 'succeeded');
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(remediation.status).toBe('rolled_back');
  });

  it('with an unknown step cannot be repeated before that step is resolved', () => {
    const remediation = halfRolledBack('unknown');
    expect(codeOf(() => remediation.rollBack(EVERYTHING))).toBe('conflict');
    const failed = { status: 'failed', output: null } as const;
    expect(remediation.completeStep(stepIdOf(remediation, 4), failed, NOW)).toBe('rolled_back');
    remediation.rollBack(EVERYTHING);
    expect(run(remediation, 'succeeded')).toBe('rolled_back');
    expect(remediation.status).toBe('rolled_back');
  });

  it('does not touch a step that was unknown before', () => {
    const remediation = executing();
    run(remediation, 'succeeded');
    run(remediation, 'unknown');
    remediation.rollBack(EVERYTHING);
    run(remediation, 'failed');
    const done = { status: 'succeeded', output: null } as const;
    expect(codeOf(() => remediation.completeStep(stepIdOf(remediation, 2), done, NOW))).toBe('conflict');
    expect(codeOf(() => remediation.retryStep(stepIdOf(remediation, 2)))).toBe('conflict');
  });

  it('is refused when no step succeeded or none can be reversed', () => {
    expect(codeOf(() => approved().rollBack(EVERYTHING))).toBe('conflict');
    expect(codeOf(() => executing().rollBack(EVERYTHING))).toBe('conflict');
    const irreversible = executing({ plan: { title: 'Clear', steps: TWO_STEPS.steps.slice(1) } });
    run(irreversible, 'succeeded');
    expect(codeOf(() => irreversible.rollBack(EVERYTHING))).toBe('conflict');
  });
});

describe('feedback', () => {
  const feedback = { userId: ADA, outcome: 'resolved', rating: 5, comment: null } as const;

  it('is accepted once per person, for an executed plan', () => {
    const remediation = executing();
    expect(codeOf(() => remediation.giveFeedback(feedback, NOW))).toBe('conflict');
    run(remediation, 'failed');
    expect(remediation.giveFeedback(feedback, NOW)).toMatchObject({ ...feedback, at: NOW.toISOString() });
    expect(codeOf(() => remediation.giveFeedback(feedback, NOW))).toBe('already_exists');
    remediation.giveFeedback({ ...feedback, userId: GRACE }, NOW);
    expect(remediation.feedback).toHaveLength(2);
  });
});

describe('the plan for a change', () => {
  const change = {
    service: 'checkout',
    environment: 'production',
    version: '2.4.1',
    previousVersion: '2.4.0',
    summary: 'raise the pool to 150',
  };

  it.each([
    ['deploy', 'rollback_deployment', 'Roll back checkout in production from 2.4.1 to 2.4.0'],
    ['flag', 'disable_flag', 'Turn off the flag of checkout in production: raise the pool to 150'],
    ['config', 'revert_config', 'Revert the configuration of checkout in production: raise the pool to 150'],
    [
      'schema',
      'revert_schema_change',
      'Revert the schema change of checkout in production: raise the pool to 150',
    ],
    [
      'infra',
      'revert_infrastructure',
      'Revert the infrastructure change of checkout in production: raise the pool to 150',
    ],
  ] as const)('%s: %s', (type, action, title) => {
    const plan = planForCause({ ...change, type });
    expect(plan).toMatchObject({ title, steps: [{ action, description: title }] });
  });

  it('rolls back to the previous version, even when it is unknown', () => {
    const unknown = {
      ...change,
      type: 'deploy',
      environment: null,
      version: null,
      previousVersion: null,
    } as const;
    expect(planForCause(unknown)?.steps).toEqual([
      {
        action: 'rollback_deployment',
        description: 'Roll back checkout to the version before',
        params: { service: 'checkout', environment: null, version: null, toVersion: null },
      },
    ]);
  });

  it('has a title within its limit, without a split character', () => {
    const title = planForCause({ ...change, type: 'config', summary: '🔥'.repeat(600) })?.title ?? '';
    expect(Array.from(title)).toHaveLength(500);
    expect(title).not.toMatch(/\p{Surrogate}/u);
  });
});
