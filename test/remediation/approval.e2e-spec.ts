import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { HttpRunner } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';
import { holdTable, start } from '../investigation/cases.js';
import {
  approvedPlan, codes, colleague, planFor, incidentIs, incidentStatus, planIs, planOf, post, proposedPlan, story, type Plan,
} from './plan.js'; // prettier-ignore

let server: TestServer;
let runner: HttpRunner;
let acme: TenantUser;

beforeAll(async () => {
  [server, runner] = await Promise.all([TestServer.start(), HttpRunner.start()]);
  acme = await tenant();
});
afterAll(async () => {
  await runner.stop();
  await server.stop();
});

async function tenant(approvals: object = {}): Promise<TenantUser> {
  const made = await newTenant(server.url);
  const settled = await made.api.patch(`/v1/tenants/${made.tenantId}`, { settings: { approvals } });
  expect(settled.status).toBe(200);
  expect((await runner.connect(made.api, ['rollback_deployment'])).status).toBe(201);
  return made;
}

/** Lets the time to decide run out now. */
async function runOut({ remediationId, approvalId }: Plan): Promise<void> {
  const { url } = server.database;
  await sql(url, `UPDATE remediations SET approval_expires_at = now() WHERE remediation_id = $1`, [
    remediationId,
  ]);
  await sql(
    url,
    `UPDATE graphile_worker._private_jobs SET run_at = now() WHERE payload->'payload'->>'approvalId' = $1`,
    [approvalId],
  );
}

function respond({ api }: TenantUser, { approvalId }: Plan, decision: string) {
  return api.post<Plan & { error?: string }>(`/v1/notifications/approvals/${approvalId}/respond`, {
    decision,
    notes: 'seen',
  });
}

describe('a proposal', () => {
  it('rolls the culprit back by a runner, is told in order, and is found by itself and by its incident', async () => {
    const plan = await proposedPlan(acme);
    const { remediationId, incidentId } = plan;
    expect(plan).toEqual({
      remediationId: expect.stringMatching(/^rem_/),
      incidentId,
      investigationId: expect.stringMatching(/^inv_/),
      title: expect.stringMatching(/^Roll back checkout-\w+ in production from 2\.4\.1 to 2\.4\.0$/),
      status: 'proposed',
      requiresApproval: true,
      approvalId: expect.stringMatching(/^apr_/),
      planDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      steps: [
        {
          stepId: expect.stringMatching(/^stp_/),
          index: 1,
          action: 'rollback_deployment',
          description: expect.stringMatching(/^Roll back/),
          params: expect.objectContaining({
            environment: 'production',
            version: '2.4.1',
            toVersion: '2.4.0',
          }),
          risk: 'medium',
          reversible: true,
          manual: false,
          status: 'pending',
          output: null,
          attempt: 0,
          startedAt: null,
          durationMs: null,
        },
      ],
      createdAt: expect.stringMatching(/Z$/),
      approvedBy: [],
      executedAt: null,
      durationMs: null,
    });
    expect(await incidentStatus(acme, plan)).toBe('awaiting_approval');
    expect(await story(acme, plan)).toEqual([
      'remediation.proposed',
      'approval.requested',
      'investigating → awaiting_approval',
    ]);
    const lists = await Promise.all([
      acme.api.get(`/v1/remediation/${incidentId}`),
      acme.api.get(`/v1/incidents/${incidentId}/remediations`),
    ]);
    for (const { body } of lists) expect(body).toEqual({ items: [plan], nextCursor: null });
    expect((await acme.api.get(`/v1/remediation/${remediationId}`)).body).toEqual(plan);
    const pending = await acme.api.get<{ items: object[] }>('/v1/notifications/approvals/pending?limit=100');
    expect(pending.body.items).toContainEqual(
      expect.objectContaining({ approvalId: plan.approvalId, remediationId, required: 1, approvedBy: [] }),
    );
  });
});

describe('an approval', () => {
  it('has one winner of twenty, and so has the execution after it', async () => {
    const busy = await tenant();
    const plan = await proposedPlan(busy);
    const twenty = Array.from({ length: 20 });
    const approvals = await Promise.all(twenty.map(() => post(busy, plan, 'approve', { notes: 'go' })));
    expect(codes(approvals)).toEqual({ '200 ok': 1, '409 already_decided': 19 });
    expect(await planOf(busy, plan)).toMatchObject({ status: 'approved', approvedBy: [busy.userId] });
    expect(await incidentStatus(busy, plan)).toBe('awaiting_approval');

    const before = runner.orders.length;
    const executions = await Promise.all(twenty.map(() => post(busy, plan, 'execute')));
    expect(codes(executions)).toEqual({ '202 ok': 1, '409 conflict': 19 });
    await incidentIs(busy, plan, 'resolved');
    expect(runner.orders).toHaveLength(before + 1);
    expect(await story(busy, plan)).toEqual([
      'remediation.proposed',
      'approval.requested',
      'investigating → awaiting_approval',
      'remediation.approved',
      'approval.resolved (approved)',
      'awaiting_approval → remediating',
      'remediation.executed (success)',
      'remediating → resolved',
    ]);
  });

  it('needs two admins where the tenant asks for two', async () => {
    const careful = await tenant({ required: 2 });
    const grace = await colleague(careful, 'admin');
    const plan = await proposedPlan(careful);
    expect((await post(careful, plan, 'approve')).body).toMatchObject({ status: 'proposed' });
    expect((await post(careful, plan, 'approve')).body.error).toBe('already_decided');
    expect((await post(careful, plan, 'execute')).body.error).toBe('conflict');
    const last = await post(grace, plan, 'approve');
    expect(last.body).toMatchObject({ status: 'approved', approvedBy: [careful.userId, grace.userId] });
    expect((await story(careful, plan)).filter((told) => told.includes('approved'))).toEqual([
      'remediation.approved',
      'approval.resolved (approved)',
    ]);
  });

  it('executes at once where the tenant has settled on that', async () => {
    const bold = await tenant({ executeOnApproval: true });
    const plan = await proposedPlan(bold);
    expect((await post(bold, plan, 'approve')).body).toMatchObject({ status: 'executing' });
    await incidentIs(bold, plan, 'resolved');
  });

  it('is refused to who started the investigation where the tenant forbids it', async () => {
    const strict = await tenant({ allowSelfApproval: false });
    const grace = await colleague(strict, 'admin');
    const first = await proposedPlan(strict);
    // Nobody started this one: triage did. The next run is hers.
    expect((await post(strict, first, 'reject')).status).toBe(200);
    expect((await strict.api.post(`/v1/investigation/${first.incidentId}`)).status).toBe(202);
    const own = await planFor(strict.api, first.incidentId, first);
    const refused = await post(strict, own, 'approve');
    expect([refused.status, refused.body.error]).toEqual([403, 'forbidden']);
    expect((await post(grace, own, 'approve')).status).toBe(200);
  });

  it('is for admins of the tenant alone', async () => {
    const plan = await proposedPlan(acme);
    const [member, stranger] = await Promise.all([colleague(acme, 'member'), newTenant(server.url)]);
    const step = `steps/${plan.steps[0].stepId}`;
    for (const what of [
      'approve',
      'reject',
      'execute',
      'rollback',
      'request-approval',
      `${step}/complete`,
      `${step}/retry`,
    ]) {
      expect([what, (await post(member, plan, what)).body.error]).toEqual([what, 'forbidden']);
      const body = what.endsWith('complete') ? { status: 'succeeded' } : undefined;
      expect([what, (await post(stranger, plan, what, body)).body.error]).toEqual([what, 'not_found']);
    }
    expect((await respond(member, plan, 'approve')).body.error).toBe('forbidden');
    expect((await respond(stranger, plan, 'approve')).body.error).toBe('not_found');
    for (const path of [
      `remediation/${plan.remediationId}`,
      `remediation/${plan.incidentId}`,
      `incidents/${plan.incidentId}/remediations`,
    ]) {
      expect((await member.api.get(`/v1/${path}`)).status).toBe(200);
      expect((await stranger.api.get(`/v1/${path}`)).status).toBe(404);
    }
    expect((await stranger.api.get('/v1/notifications/approvals/pending')).body).toEqual({
      items: [],
      nextCursor: null,
    });
    const program = await programOf(acme, 'incidents:read');
    expect((await program.get(`/v1/remediation/${plan.remediationId}`)).status).toBe(200);
    expect((await program.post(`/v1/remediation/${plan.remediationId}/approve`)).status).toBe(403);
    expect((await planOf(acme, plan)).status).toBe('proposed');
  });

  it.each(['rem_1', 'inv_01HX9VTPQR3KF8MZWBYD5N6JCE', 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE', '%00', '..%2f'])(
    'of %s is not found',
    async (id) => {
      expect((await acme.api.get(`/v1/remediation/${id}`)).status).toBe(404);
      expect((await acme.api.post(`/v1/remediation/${id}/approve`)).status).toBe(404);
      expect(
        (await acme.api.post(`/v1/notifications/approvals/${id}/respond`, { decision: 'approve' })).status,
      ).toBe(404);
    },
  );
});

describe('a rejection', () => {
  it('opens the incident again and is final', async () => {
    const plan = await proposedPlan(acme);
    const rejected = await post(acme, plan, 'reject', { reason: 'Wrong service' });
    expect([rejected.status, rejected.body.status]).toEqual([200, 'rejected']);
    expect(await incidentStatus(acme, plan)).toBe('open');
    expect((await post(acme, plan, 'approve')).body.error).toBe('already_decided');
    expect((await respond(acme, plan, 'approve')).body.error).toBe('already_decided');
    expect((await story(acme, plan)).slice(3)).toEqual([
      'remediation.rejected',
      'approval.resolved (rejected)',
      'awaiting_approval → open',
    ]);
  });
});

describe('two plans for one incident', () => {
  async function secondPlan(first: Plan): Promise<Plan> {
    const context = { context: 'Payments are slow, too.', reinvestigate: true };
    const { status } = await acme.api.post(`/v1/investigation/${first.incidentId}/context`, context);
    expect(status).toBe(202);
    return planFor(acme.api, first.incidentId, first);
  }

  it('keep it waiting until the last of them is turned down', async () => {
    const first = await proposedPlan(acme);
    const second = await secondPlan(first);
    await post(acme, first, 'reject');
    expect(await incidentStatus(acme, first)).toBe('awaiting_approval');
    await post(acme, second, 'reject');
    expect(await incidentStatus(acme, first)).toBe('open');
  });

  it('open it again when both are turned down at once', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const first = await proposedPlan(acme);
        return [first, await secondPlan(first)] as const;
      }),
    );
    const answers = await Promise.all(pairs.flat().map((plan) => post(acme, plan, 'reject')));
    expect(codes(answers)).toEqual({ '200 ok': 20 });
    const afterwards = pairs.map(async ([plan]) => {
      const opened = (await story(acme, plan)).filter((told) => told === 'awaiting_approval → open');
      return [await incidentStatus(acme, plan), opened.length];
    });
    expect(await Promise.all(afterwards)).toEqual(pairs.map(() => ['open', 1]));
  });

  it('are listed newest first, a page at a time', async () => {
    const first = await proposedPlan(acme);
    const second = await secondPlan(first);
    const path = `/v1/incidents/${first.incidentId}/remediations?limit=1`;
    const one = await acme.api.get<{ items: Plan[]; nextCursor: string }>(path);
    expect(one.body.items).toMatchObject([{ remediationId: second.remediationId }]);
    const two = await acme.api.get<{ items: Plan[] }>(`${path}&cursor=${one.body.nextCursor}`);
    expect(two.body).toMatchObject({ items: [{ remediationId: first.remediationId }], nextCursor: null });
    const elsewhere = `/v1/notifications/approvals/pending?cursor=${one.body.nextCursor}`;
    expect((await acme.api.get(elsewhere)).status).toBe(400);
  });
});

describe('a request for approval', () => {
  it('runs out, resolves nothing, and can be made again under a new id', async () => {
    const plan = await proposedPlan(acme);
    await runOut(plan);
    await planIs(acme, plan, 'expired');
    expect(await incidentStatus(acme, plan)).toBe('open');
    expect((await post(acme, plan, 'approve')).body.error).toBe('approval_expired');
    expect((await respond(acme, plan, 'reject')).body.error).toBe('approval_expired');

    const again = await post(acme, plan, 'request-approval');
    expect([again.status, again.body.status]).toEqual([201, 'proposed']);
    expect(again.headers.get('location')).toBe(`/v1/remediation/${plan.remediationId}`);
    expect(again.body.approvalId).not.toBe(plan.approvalId);
    expect((await post(acme, plan, 'request-approval')).body.error).toBe('conflict');
    expect((await respond(acme, plan, 'approve')).body.error).toBe('approval_expired');
    expect((await respond(acme, again.body, 'approve')).body.status).toBe('approved');
    expect((await story(acme, plan)).slice(3)).toEqual([
      'approval.resolved (expired)',
      'awaiting_approval → open',
      'approval.requested',
      'open → awaiting_approval',
      'remediation.approved',
      'approval.resolved (approved)',
    ]);
  });

  it('is not made again while the incident is investigated, or nobody would hear of what the run proposes', async () => {
    const plan = await proposedPlan(acme);
    await runOut(plan);
    await planIs(acme, plan, 'expired');
    const letGo = await holdTable(server.database.url, 'investigation_evidence', 'writers');
    try {
      expect((await start(acme, plan.incidentId)).status).toBe(202);
      expect((await post(acme, plan, 'request-approval')).body.error).toBe('conflict');
      expect((await planOf(acme, plan)).status).toBe('expired');
    } finally {
      await letGo();
    }
    expect((await planFor(acme.api, plan.incidentId, plan)).status).toBe('proposed');
    await incidentIs(acme, plan, 'awaiting_approval');
  });

  it('is over when it was answered, whatever the clock says later', async () => {
    const plan = await approvedPlan(acme);
    await runOut(plan);
    expect((await post(acme, plan, 'request-approval')).body.error).toBe('conflict');
    expect((await planOf(acme, plan)).status).toBe('approved');
  });
});
