import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { HttpRunner } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { lockTable, start } from '../investigation/cases.js';
import {
  approvedPlan, codes, colleague, planFor, incidentIs, incidentStatus, planIs, planOf, post, proposedPlan, secondPlan,
  setIncident, story, type Plan,
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
  const changed = await made.api.patch(`/v1/tenants/${made.tenantId}`, { settings: { approvals } });
  expect(changed.status).toBe(200);
  expect((await runner.connect(made.api, ['rollback_deployment'])).status).toBe(201);
  return made;
}

/** Makes the approval request expire now. */
async function expire({ remediationId, approvalId }: Plan): Promise<void> {
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
  it('rolls back the suspected deploy, publishes its events in order, and is found by its own id and by its incident', async () => {
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
  it('succeeds once when twenty are sent at once, and so does the execution after it', async () => {
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

  it('needs two admins when the tenant requires two', async () => {
    const careful = await tenant({ required: 2 });
    const grace = await colleague(careful, 'admin');
    const plan = await proposedPlan(careful);
    expect((await post(careful, plan, 'approve')).body).toMatchObject({ status: 'proposed' });
    expect((await post(careful, plan, 'approve')).body.error).toBe('already_decided');
    expect((await post(careful, plan, 'execute')).body.error).toBe('conflict');
    const last = await post(grace, plan, 'approve');
    expect(last.body).toMatchObject({ status: 'approved', approvedBy: [careful.userId, grace.userId] });
    expect((await story(careful, plan)).filter((event) => event.includes('approved'))).toEqual([
      'remediation.approved',
      'approval.resolved (approved)',
    ]);
  });

  it('executes the plan at once when the tenant has executeOnApproval set', async () => {
    const bold = await tenant({ executeOnApproval: true });
    const plan = await proposedPlan(bold);
    expect((await post(bold, plan, 'approve')).body).toMatchObject({ status: 'executing' });
    await incidentIs(bold, plan, 'resolved');
  });

  it('is refused to the person who started the investigation when the tenant forbids self-approval', async () => {
    const strict = await tenant({ allowSelfApproval: false });
    const grace = await colleague(strict, 'admin');
    const first = await proposedPlan(strict);
    // Triage started the first investigation; this admin starts the next one.
    expect((await post(strict, first, 'reject')).status).toBe(200);
    expect((await strict.api.post(`/v1/investigation/${first.incidentId}`)).status).toBe(202);
    const own = await planFor(strict.api, first.incidentId, first);
    const refused = await post(strict, own, 'approve');
    expect([refused.status, refused.body.error]).toEqual([403, 'forbidden']);
    expect((await post(grace, own, 'approve')).status).toBe(200);
  });

  it('is only for admins of the tenant', async () => {
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
  it('reopens the incident and is final', async () => {
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
  it('keep it waiting until the last one is rejected', async () => {
    const first = await proposedPlan(acme);
    const second = await secondPlan(acme, first);
    await post(acme, first, 'reject');
    expect(await incidentStatus(acme, first)).toBe('awaiting_approval');
    await post(acme, second, 'reject');
    expect(await incidentStatus(acme, first)).toBe('open');
  });

  it('reopen it when both are rejected at once', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const first = await proposedPlan(acme);
        return [first, await secondPlan(acme, first)] as const;
      }),
    );
    const answers = await Promise.all(pairs.flat().map((plan) => post(acme, plan, 'reject')));
    expect(codes(answers)).toEqual({ '200 ok': 20 });
    const afterwards = pairs.map(async ([plan]) => {
      const opened = (await story(acme, plan)).filter((event) => event === 'awaiting_approval → open');
      return [await incidentStatus(acme, plan), opened.length];
    });
    expect(await Promise.all(afterwards)).toEqual(pairs.map(() => ['open', 1]));
  });

  it('are listed newest first, a page at a time', async () => {
    const first = await proposedPlan(acme);
    const second = await secondPlan(acme, first);
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
  it('expires without resolving the incident, and can be repeated under a new id', async () => {
    const plan = await proposedPlan(acme);
    await expire(plan);
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

  it('is refused while the incident is investigated, or the investigation could not propose its plan', async () => {
    const plan = await proposedPlan(acme);
    await expire(plan);
    await planIs(acme, plan, 'expired');
    const release = await lockTable(server.database.url, 'investigation_evidence', 'writers');
    try {
      expect((await start(acme, plan.incidentId)).status).toBe(202);
      expect((await post(acme, plan, 'request-approval')).body.error).toBe('conflict');
      expect((await planOf(acme, plan)).status).toBe('expired');
    } finally {
      await release();
    }
    expect((await planFor(acme.api, plan.incidentId, plan)).status).toBe('proposed');
    await incidentIs(acme, plan, 'awaiting_approval');
  });

  it('does not expire after it was decided', async () => {
    const plan = await approvedPlan(acme);
    await expire(plan);
    await until('the job that would expire it has run', async () => {
      const jobs = `SELECT FROM graphile_worker._private_jobs WHERE payload->'payload'->>'approvalId' = $1`;
      return (await sql(server.database.url, jobs, [plan.approvalId])).length === 0;
    });
    expect((await post(acme, plan, 'request-approval')).body.error).toBe('conflict');
    expect((await planOf(acme, plan)).status).toBe('approved');
  });
});

describe('an incident that ends', () => {
  const pendingOf = async ({ api }: TenantUser): Promise<object[]> =>
    (await api.get<{ items: object[] }>('/v1/notifications/approvals/pending')).body.items;

  /** Approves each plan and resolves its incident at the same time, in either order. */
  async function approvedWhileResolved(admin: TenantUser, plans: readonly Plan[]) {
    return Promise.all(
      plans.map(async (plan, at) => {
        const resolvedFirst = at % 2 === 0 && setIncident(admin, plan, 'resolved');
        // Without this delay the approval would nearly always win.
        if (resolvedFirst) await planOf(admin, plan);
        const approved = post(admin, plan, 'approve');
        await (resolvedFirst || setIncident(admin, plan, 'resolved'));
        return approved;
      }),
    );
  }

  it.each(['resolved', 'closed'])(
    'by a person (%s) expires its pending plan, whose approval can be requested again after it is reopened',
    async (status) => {
      const own = await tenant();
      const plan = await proposedPlan(own);
      expect((await setIncident(own, plan, status)).status).toBe(200);
      expect((await post(own, plan, 'approve')).body.error).toBe('approval_expired');
      await planIs(own, plan, 'expired');
      expect(await pendingOf(own)).toEqual([]);
      expect((await story(own, plan)).slice(3)).toEqual([
        `awaiting_approval → ${status}`,
        'approval.resolved (expired)',
      ]);
      expect((await post(own, plan, 'request-approval')).body.error).toBe('conflict');

      expect((await setIncident(own, plan, 'open')).status).toBe(200);
      expect((await respond(own, plan, 'approve')).body.error).toBe('approval_expired');
      expect((await post(own, plan, 'execute')).body.error).toBe('conflict');
      expect((await post(own, plan, 'request-approval')).status).toBe(201);
      expect(await incidentStatus(own, plan)).toBe('awaiting_approval');
      expect((await post(own, plan, 'approve')).status).toBe(200);
      expect((await post(own, plan, 'execute')).status).toBe(202);
      await incidentIs(own, plan, 'resolved');
    },
  );

  it('by a notification of its source expires its pending plan, too', async () => {
    const own = await tenant();
    const { body } = await own.api.post<{ ingestUrl: string }>('/v1/integrations/alertmanager/connect', {});
    const notify = async (service: string, status: string): Promise<string> => {
      const labels = { alertname: 'HighErrorRate', service, severity: 'critical', env: 'production' };
      const annotations = {
        summary: `High error rate on ${service}`,
        description: '5xx error rate exceeded 5%.',
      };
      const answer = await new Api(server.url).post<{ incidents: { incidentId: string }[] }>(
        new URL(body.ingestUrl).pathname,
        { version: '4', alerts: [{ status, labels, annotations, fingerprint: service }] },
      );
      return answer.body.incidents[0]?.incidentId ?? '';
    };
    const plan = await proposedPlan(own, (_, service) => notify(service, 'firing'));
    const resolved = await notify(String(plan.steps[0].params['service']), 'resolved');
    expect(resolved).toBe(plan.incidentId);
    expect((await post(own, plan, 'approve')).body.error).toBe('approval_expired');
    await planIs(own, plan, 'expired');
    expect((await story(own, plan)).slice(3)).toEqual([
      'awaiting_approval → resolved',
      'approval.resolved (expired)',
    ]);
  });

  it('by another plan expires its pending plan, too', async () => {
    const own = await tenant();
    const first = await proposedPlan(own);
    const second = await secondPlan(own, first);
    await post(own, first, 'approve');
    await post(own, first, 'execute');
    await incidentIs(own, first, 'resolved');
    await planIs(own, second, 'expired');
    expect(await pendingOf(own)).toEqual([]);
  });

  it('leaves one decision on each plan when some people approve while others resolve', async () => {
    const own = await tenant();
    const plans = await Promise.all(Array.from({ length: 10 }, () => proposedPlan(own)));
    const before = runner.orders.length;
    const approvals = await approvedWhileResolved(own, plans);
    for (const [at, plan] of plans.entries()) {
      const { status } = await until('the plan is decided', async () => {
        const now = await planOf(own, plan);
        return now.status !== 'proposed' && now;
      });
      const [answer, events] =
        status === 'approved'
          ? ['ok', ['remediation.approved', 'approval.resolved (approved)', 'awaiting_approval → resolved']]
          : ['approval_expired', ['awaiting_approval → resolved', 'approval.resolved (expired)']];
      expect([approvals[at]?.body.error ?? 'ok', (await story(own, plan)).slice(3)]).toEqual([
        answer,
        events,
      ]);
    }
    expect(codes(await Promise.all(plans.map((plan) => post(own, plan, 'execute'))))).toEqual({
      '409 conflict': 10,
    });
    expect(runner.orders).toHaveLength(before);
  });

  it('has no step sent of a plan whose approval came too late', async () => {
    const bold = await tenant({ executeOnApproval: true });
    const plans = await Promise.all(Array.from({ length: 10 }, () => proposedPlan(bold)));
    const before = runner.orders.length;
    const approvals = await approvedWhileResolved(bold, plans);
    for (const [at, plan] of plans.entries()) {
      const isApproved = approvals[at]?.status === 200;
      await planIs(bold, plan, isApproved ? 'completed' : 'expired');
      expect(await incidentStatus(bold, plan)).toBe('resolved');
    }
    const approved = approvals.filter(({ status }) => status === 200);
    expect(runner.orders).toHaveLength(before + approved.length);
  });
});
