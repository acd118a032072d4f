import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { HttpRunner, type Treatment } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  approvedPlan, colleague, planFor, raiseIncident, incidentIs, incidentStatus, planIs, planOf, post, proposedPlan, secondPlan,
  setIncident, story, type Plan,
} from './plan.js'; // prettier-ignore

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(async () => {
  await server.stop();
});

interface Company {
  readonly admin: TenantUser;
  readonly runner: HttpRunner;
}

/** Runs a test with a tenant and a runner with scripted responses. */
async function withRunner(
  treatments: Treatment[],
  test: (company: Company) => Promise<void>,
  url = server.url,
) {
  const runner = await HttpRunner.start();
  try {
    const admin = await newTenant(url);
    expect((await runner.connect(admin.api, ['rollback_deployment'])).status).toBe(201);
    const [first, ...rest] = treatments;
    if (first) runner.treat('rollback_deployment', first, ...rest);
    await test({ admin, runner });
  } finally {
    await runner.stop();
  }
}

/** Disconnects the runner: from now on steps are manual. */
async function disconnect({ api }: TenantUser): Promise<void> {
  const { body } = await api.get<{ items: { integrationId: string }[] }>('/v1/integrations');
  await api.delete(`/v1/integrations/${body.items[0]?.integrationId ?? ''}`);
}

async function executed(admin: TenantUser, status: string): Promise<Plan> {
  const plan = await approvedPlan(admin);
  expect((await post(admin, plan, 'execute')).body).toMatchObject({ status: 'executing' });
  return planIs(admin, plan, status);
}

describe('an execution', () => {
  it('sends each step once, resolves the incident when all succeeded, and takes feedback', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await executed(admin, 'completed');
      expect(plan.steps).toMatchObject([{ status: 'succeeded', attempt: 1, output: { done: true } }]);
      expect(await incidentStatus(admin, plan)).toBe('resolved');
      const { remediationId, incidentId } = plan;
      const [{ stepId }] = plan.steps;
      expect(runner.orders.map(({ webhookId, body }) => ({ webhookId, body }))).toEqual([
        {
          webhookId: stepId,
          body: {
            remediationId,
            incidentId,
            stepId,
            action: 'rollback_deployment',
            params: expect.objectContaining({ version: '2.4.1', toVersion: '2.4.0' }),
            dryRun: false,
            attempt: 1,
          },
        },
      ]);
      expect((await post(admin, plan, 'execute')).body.error).toBe('conflict');
      expect((await post(admin, plan, `steps/${stepId}/retry`)).body.error).toBe('conflict');

      const member = await colleague(admin, 'member');
      const feedback = { outcome: 'resolved', rating: 5, comment: 'Back to normal in a minute.' };
      const given = await post(member, plan, 'feedback', feedback);
      expect([given.status, given.body]).toEqual([
        201,
        { remediationId, userId: member.userId, ...feedback, createdAt: expect.stringMatching(/Z$/) },
      ]);
      expect((await post(member, plan, 'feedback', feedback)).body.error).toBe('already_exists');
      expect((await post(member, plan, 'feedback', { ...feedback, rating: 6 })).body.error).toBe(
        'validation_error',
      );
    });
  });

  it('starts once per Idempotency-Key, and a dry run counts as another request body', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await approvedPlan(admin);
      const execute = (body: object) =>
        admin.api.post(`/v1/remediation/${plan.remediationId}/execute`, body, {
          headers: { 'idempotency-key': 'deploy day' },
        });
      const first = await execute({});
      await planIs(admin, plan, 'completed');
      const again = await execute({});
      expect([first.status, again.status]).toEqual([202, 202]);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('idempotent-replay')).toBe('true');
      expect((await execute({ dryRun: true })).body['error']).toBe('idempotency_mismatch');
      expect(runner.orders).toHaveLength(1);
    });
  });

  it('that fails leaves the incident open', async () => {
    await withRunner(['fail'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'failed');
      expect(plan.steps).toMatchObject([{ status: 'failed', output: { reason: 'no such deployment' } }]);
      expect(runner.orders).toHaveLength(1);
      expect((await story(admin, plan)).slice(5)).toEqual([
        'awaiting_approval → remediating',
        'remediation.executed (failure)',
        'remediating → open',
      ]);
    });
  });

  it('retries a step automatically only when the runner did not accept it', async () => {
    const busy = { status: 503, headers: { 'retry-after': '0' } };
    await withRunner([busy, { ...busy, status: 429 }, 'succeed'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'completed');
      expect(runner.orders.map(({ body }) => body['attempt'])).toEqual([1, 2, 3]);
      expect(new Set(runner.orders.map(({ webhookId }) => webhookId))).toEqual(
        new Set([plan.steps[0].stepId]),
      );
      expect(await incidentStatus(admin, plan)).toBe('resolved');
    });
  });

  it('shows when a step is retried, within the maximum delay', async () => {
    await withRunner([{ status: 503, headers: { 'retry-after': '86400' } }], async ({ admin }) => {
      const plan = await approvedPlan(admin);
      await post(admin, plan, 'execute');
      const { output } = await until('the runner has turned the step down', async () => {
        const { steps } = await planOf(admin, plan);
        return steps[0].attempt === 1 && steps[0].status === 'pending' && steps[0];
      });
      const [job] = await sql<{ at: Date; inTime: boolean }>(
        server.database.url,
        `SELECT run_at AS at, run_at <= now() + interval '15 minutes' AS "inTime"
           FROM graphile_worker._private_jobs WHERE payload->'payload'->>'remediationId' = $1 AND run_at > now()
            AND payload->'payload'->>'tries' = '1'`,
        [plan.remediationId],
      );
      expect(job?.inTime).toBe(true);
      const reason = `The runner answered 503. Next attempt at ${job?.at.toISOString() ?? ''}.`;
      expect(output).toEqual({ reason });
    });
  });

  it('gives up on a runner that never accepts the step', async () => {
    await withRunner([{ status: 503, headers: { 'retry-after': '0' } }], async ({ admin, runner }) => {
      const plan = await executed(admin, 'failed');
      expect(runner.orders.map(({ body }) => body['attempt'])).toEqual([1, 2, 3, 4, 5]);
      expect(plan.steps).toMatchObject([
        { status: 'failed', output: { reason: expect.stringContaining('503') } },
      ]);
    });
  });

  it('fails without sending anything when the runner was disconnected meanwhile', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await approvedPlan(admin);
      await disconnect(admin);
      await post(admin, plan, 'execute');
      const failed = await planIs(admin, plan, 'failed');
      expect(failed.steps).toMatchObject([{ status: 'failed', attempt: 0 }]);
      expect(runner.orders).toHaveLength(0);
    });
  });

  it('is refused when a person has resolved the incident', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await approvedPlan(admin);
      await setIncident(admin, plan, 'resolved');
      expect((await post(admin, plan, 'execute')).body.error).toBe('conflict');
      expect((await planOf(admin, plan)).status).toBe('approved');
      expect(runner.orders).toHaveLength(0);
    });
  });
});

describe('a step without a response', () => {
  it('is unknown and waits for a person, who retries it under the same id', async () => {
    await withRunner(['break', 'succeed'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'failed');
      const { stepId } = plan.steps[0];
      expect(plan.steps).toMatchObject([{ status: 'unknown', attempt: 1 }]);
      expect(await incidentStatus(admin, plan)).toBe('open');

      expect((await post(admin, plan, `steps/${stepId}/retry`)).status).toBe(202);
      const done = await planIs(admin, plan, 'completed');
      expect(done.steps).toMatchObject([{ stepId, status: 'succeeded', attempt: 2 }]);
      expect(runner.orders.map(({ webhookId, body }) => [webhookId, body['attempt']])).toEqual([
        [stepId, 1],
        [stepId, 2],
      ]);
      await incidentIs(admin, plan, 'resolved');
      expect((await story(admin, plan)).slice(5)).toEqual([
        'awaiting_approval → remediating',
        'remediation.executed (unknown)',
        'remediating → open',
        'open → remediating',
        'remediation.executed (success)',
        'remediating → resolved',
      ]);
    });
  });

  it('can be completed by a person who has checked the result', async () => {
    await withRunner(['break'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'failed');
      const complete = `steps/${plan.steps[0].stepId}/complete`;
      const done = await post(admin, plan, complete, { status: 'succeeded', output: '2.4.0 is out' });
      expect(done.body).toMatchObject({
        status: 'completed',
        steps: [{ status: 'succeeded', output: '2.4.0 is out' }],
      });
      expect(await incidentStatus(admin, plan)).toBe('resolved');
      expect((await post(admin, plan, complete, { status: 'failed' })).body.error).toBe('conflict');
      expect(runner.orders).toHaveLength(1);
    });
  });

  it('stays unknown when its retry fails: the first attempt may have arrived', async () => {
    await withRunner(['break'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'failed');
      const step = `steps/${plan.steps[0].stepId}`;
      await disconnect(admin);
      expect((await post(admin, plan, `${step}/retry`)).status).toBe(202);
      const again = await planIs(admin, plan, 'failed');
      expect(again.steps).toMatchObject([{ status: 'unknown', attempt: 1 }]);
      expect(Object.keys(again.steps[0])).toEqual(Object.keys(plan.steps[0]));
      const done = await post(admin, plan, `${step}/complete`, { status: 'succeeded' });
      expect(done.body).toMatchObject({ status: 'completed' });
      expect(await incidentStatus(admin, plan)).toBe('resolved');
      expect(runner.orders).toHaveLength(1);
    });
  });

  it('cannot be retried while another plan executes, and its result does not change the incident', async () => {
    await withRunner(['break'], async ({ admin, runner }) => {
      const first = await executed(admin, 'failed');
      await disconnect(admin);
      expect((await admin.api.post(`/v1/investigation/${first.incidentId}`)).status).toBe(202);
      const second = await planFor(admin.api, first.incidentId, first);
      await post(admin, second, 'approve');
      expect((await post(admin, second, 'execute')).status).toBe(202);

      const step = `steps/${first.steps[0].stepId}`;
      expect((await post(admin, first, `${step}/retry`)).body.error).toBe('conflict');
      expect((await planOf(admin, first)).status).toBe('failed');
      const failed = await post(admin, first, `${step}/complete`, { status: 'failed' });
      expect(failed.body).toMatchObject({ status: 'failed', steps: [{ status: 'failed' }] });
      expect(await incidentStatus(admin, first)).toBe('remediating');
      expect(runner.orders).toHaveLength(1);
    });
  });

  it('can be retried for an incident that a person has closed, which stays closed', async () => {
    await withRunner(['break', 'succeed'], async ({ admin }) => {
      const plan = await executed(admin, 'failed');
      await setIncident(admin, plan, 'closed');
      expect((await post(admin, plan, `steps/${plan.steps[0].stepId}/retry`)).status).toBe(202);
      await planIs(admin, plan, 'completed');
      expect((await story(admin, plan)).slice(7)).toEqual([
        'remediating → open',
        'open → closed',
        'remediation.executed (success)',
      ]);
    });
  });

  it('is unknown when the server is killed while waiting for the response, and is not sent again by the next server', async () => {
    await withKilled(['hang'], async ({ admin, runner, killAndRestart }) => {
      const plan = await approvedPlan(admin);
      await post(admin, plan, 'execute');
      await until('the step has arrived', () => runner.orders.length === 1);
      const again = await killAndRestart();
      const interrupted = await planIs(again, plan, 'failed');
      expect(interrupted.steps).toMatchObject([{ status: 'unknown', attempt: 1 }]);
      expect(await incidentStatus(again, plan)).toBe('open');
      expect(runner.orders).toHaveLength(1);

      runner.treat('rollback_deployment', 'succeed');
      await post(again, plan, `steps/${plan.steps[0].stepId}/retry`);
      await incidentIs(again, plan, 'resolved');
      expect(runner.orders.map(({ body }) => body['attempt'])).toEqual([1, 2]);
    });
  });

  it('is not repeated, wherever in a dozen executions the server is killed', async () => {
    await withKilled([], async ({ admin, runner, killAndRestart }) => {
      const plans = await Promise.all(Array.from({ length: 12 }, () => approvedPlan(admin)));
      const executions = plans.map((plan) => post(admin, plan, 'execute').catch(() => undefined));
      await until('some steps have arrived', () => runner.orders.length >= 5);
      const again = await killAndRestart();
      await Promise.all(executions);
      const ended = await until('every plan that was started has ended', async () => {
        const now = await Promise.all(plans.map((plan) => planOf(again, plan)));
        return now.every(({ status }) => status !== 'executing') && now;
      });
      const sent = runner.orders.map(({ webhookId }) => webhookId);
      expect(new Set(sent).size).toBe(sent.length);
      for (const { status, steps } of ended) {
        // A request without a response leaves an approved plan, or a plan whose status is what is known.
        expect(['approved', 'completed', 'failed']).toContain(status);
        if (status === 'completed') expect(sent).toContain(steps[0].stepId);
        if (status === 'failed') expect(steps[0].status).toBe('unknown');
        if (status === 'approved') expect(sent).not.toContain(steps[0].stepId);
      }
    });
  });

  interface Doomed extends Company {
    /** @returns the admin, as a caller of the restarted server */
    readonly killAndRestart: () => Promise<TenantUser>;
  }

  async function withKilled(treatments: Treatment[], test: (doomed: Doomed) => Promise<void>): Promise<void> {
    const doomed = await TestServer.start();
    const servers = [doomed];
    const killAndRestart = async (admin: TenantUser): Promise<TenantUser> => {
      await doomed.kill();
      const next = await TestServer.start({ database: doomed.database });
      servers.unshift(next);
      return { ...admin, api: new Api(next.url, admin.api.token) };
    };
    try {
      await withRunner(
        treatments,
        (company) => test({ ...company, killAndRestart: () => killAndRestart(company.admin) }),
        doomed.url,
      );
    } finally {
      // The first server last: stopping it removes the database.
      for (const started of servers) await started.stop();
    }
  }
});

describe('a plan without a runner', () => {
  it('waits for people, and does not resolve the incident', async () => {
    const admin = await newTenant(server.url);
    const plan = await proposedPlan(admin);
    expect(plan.steps).toMatchObject([{ manual: true }]);
    const complete = `steps/${plan.steps[0].stepId}/complete`;
    expect((await post(admin, plan, complete, { status: 'succeeded' })).body.error).toBe('conflict');
    await post(admin, plan, 'approve');
    await post(admin, plan, 'execute');
    expect(await incidentStatus(admin, plan)).toBe('remediating');
    const refused = [
      { status: 'done' },
      {},
      { status: 'failed', output: 'x'.repeat(65_536) },
      { status: 'failed', output: Array<number>(300).fill(1e308) },
      { status: 'failed', by: 'me' },
    ];
    for (const body of refused) {
      expect((await post(admin, plan, complete, body)).body.error).toBe('validation_error');
    }
    expect((await post(admin, plan, complete, { status: 'succeeded' })).body).toMatchObject({
      status: 'completed',
    });
    expect(await incidentStatus(admin, plan)).toBe('remediating');
    expect((await story(admin, plan)).at(-1)).toBe('remediation.executed (success)');
    expect((await admin.api.patch(`/v1/incidents/${plan.incidentId}`, { status: 'resolved' })).status).toBe(
      200,
    );
  });
});

describe('two approved plans of one incident', () => {
  it('execute one after the other, even when the incident is reopened in between', async () => {
    const admin = await newTenant(server.url);
    const first = await proposedPlan(admin);
    const second = await secondPlan(admin, first);
    for (const plan of [first, second]) expect((await post(admin, plan, 'approve')).status).toBe(200);
    const both = await Promise.all([first, second].map((plan) => post(admin, plan, 'execute')));
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const [executing, waiting] = both[0]?.status === 202 ? [first, second] : [second, first];

    await setIncident(admin, executing, 'resolved');
    await setIncident(admin, executing, 'open');
    expect((await post(admin, waiting, 'execute')).body.error).toBe('conflict');
    const done = await post(admin, executing, `steps/${executing.steps[0].stepId}/complete`, {
      status: 'succeeded',
    });
    expect(done.body.status).toBe('completed');
    expect(await incidentStatus(admin, executing)).toBe('open');
    expect((await post(admin, waiting, 'execute')).status).toBe(202);
    expect(await incidentStatus(admin, waiting)).toBe('remediating');
  });
});

describe('a dry run', () => {
  it('calls the runner with a new id, and changes and publishes nothing', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await proposedPlan(admin);
      expect((await post(admin, plan, 'execute', { dryRun: true })).body.error).toBe('conflict');
      await post(admin, plan, 'approve');
      const before = await story(admin, plan);
      const accepted = await post(admin, plan, 'execute', { dryRun: true });
      expect([accepted.status, accepted.body.status]).toEqual([202, 'approved']);
      const dryRun = await until('the response is recorded', async () => {
        const now = await planOf(admin, plan);
        return now.steps[0].output !== null && now;
      });
      expect(dryRun).toMatchObject({ status: 'approved', steps: [{ status: 'pending', attempt: 0 }] });
      expect(dryRun.steps[0].output).toEqual({
        dryRun: true,
        status: 'succeeded',
        output: { done: true },
      });
      expect(await story(admin, plan)).toEqual(before);
      expect(await incidentStatus(admin, plan)).toBe('awaiting_approval');
      expect(runner.orders).toMatchObject([{ body: { dryRun: true, remediationId: plan.remediationId } }]);
      expect(runner.orders[0]?.webhookId).not.toBe(plan.steps[0].stepId);
      await post(admin, plan, 'execute');
      expect((await planIs(admin, plan, 'completed')).steps[0].output).toEqual({ done: true });
    });
  });
});

describe('a plan that helped', () => {
  it('is proposed again when a person accepts it as the known solution', async () => {
    await withRunner([], async ({ admin }) => {
      const { api } = admin;
      const plan = await executed(admin, 'completed');
      const patternId = await until('a pattern was extracted', async () => {
        const { body } = await api.get<{ items: { patternId: string }[] }>('/v1/knowledge');
        return body.items[0]?.patternId;
      });

      const incidentId = await raiseIncident(api, String(plan.steps[0].params['service']));
      const accept = { action: 'accept', patternId };
      await until('the investigation waits for the decision', async () => {
        return (await api.post(`/v1/investigation/${incidentId}/known-solution`, accept)).status === 200;
      });
      const again = await planFor(api, incidentId);
      expect(again.steps).toMatchObject([
        { action: 'rollback_deployment', params: plan.steps[0].params, manual: false },
      ]);
      await post(admin, again, 'approve');
      await post(admin, again, 'execute');
      await incidentIs(admin, again, 'resolved');
    });
  });
});

describe('a plan that helped, after things have changed', () => {
  /** Accepts the pattern learned from a rollback of 2.4.1 for a similar incident of the same service. */
  async function acceptPattern(
    { api }: TenantUser,
    plan: Plan,
    before: (service: string) => Promise<void>,
  ): Promise<Plan> {
    const patternId = await until('a pattern was extracted', async () => {
      const { body } = await api.get<{ items: { patternId: string }[] }>('/v1/knowledge');
      return body.items[0]?.patternId;
    });
    const service = String(plan.steps[0].params['service']);
    await before(service);
    const incidentId = await raiseIncident(api, service);
    await until('the investigation waits for the decision', async () => {
      const accept = { action: 'accept', patternId };
      return (await api.post(`/v1/investigation/${incidentId}/known-solution`, accept)).status === 200;
    });
    return planFor(api, incidentId);
  }

  it('is proposed with the current versions', async () => {
    await withRunner([], async ({ admin }) => {
      const plan = await executed(admin, 'completed');
      const again = await acceptPattern(admin, plan, async (service) => {
        const deployed = await admin.api.post('/v1/changes', {
          type: 'deploy',
          service,
          environment: 'production',
          version: '2.5.0',
          summary: `Deploy 2.5.0 of ${service}`,
          occurredAt: new Date(Date.now() - 60_000).toISOString(),
        });
        expect(deployed.status).toBe(201);
      });
      expect(again.steps).toMatchObject([
        {
          action: 'rollback_deployment',
          params: { version: '2.5.0', toVersion: '2.4.1' },
          manual: false,
        },
      ]);
    });
  });

  it('becomes manual when the current version is unknown', async () => {
    await withRunner([], async ({ admin }) => {
      const plan = await executed(admin, 'completed');
      const again = await acceptPattern(admin, plan, async () => {
        await sql(server.database.url, 'DELETE FROM changes', [], admin.tenantId);
      });
      expect(again.steps).toMatchObject([{ action: 'rollback_deployment', manual: true }]);
      expect(Object.keys(again.steps[0].params).sort()).toEqual(['environment', 'service']);
    });
  });
});

describe('a rollback', () => {
  it('reverses a completed plan and leaves the incident resolved', async () => {
    await withRunner([], async ({ admin, runner }) => {
      const plan = await executed(admin, 'completed');
      const before = await story(admin, plan);
      const started = await post(admin, plan, 'rollback');
      expect([started.status, started.body.status]).toEqual([202, 'executing']);
      const rolledBack = await planIs(admin, plan, 'rolled_back');
      expect(rolledBack.steps).toMatchObject([
        { index: 1, status: 'succeeded' },
        {
          index: 2,
          action: 'rollback_deployment',
          params: { version: '2.4.0', toVersion: '2.4.1' },
          status: 'succeeded',
        },
      ]);
      expect(runner.orders).toHaveLength(2);
      expect(await incidentStatus(admin, plan)).toBe('resolved');
      expect(await story(admin, plan)).toEqual(before);
      expect((await post(admin, plan, 'rollback')).body.error).toBe('conflict');
      const timeline = await admin.api.get<{ items: { event: string }[] }>(
        `/v1/incidents/${plan.incidentId}/timeline?limit=100`,
      );
      expect(timeline.body.items.map(({ event }) => event)).toContain('remediation.rolled_back');
    });
  });

  it('that failed can be repeated, as a new step', async () => {
    await withRunner(['succeed', 'fail', 'succeed'], async ({ admin, runner }) => {
      const plan = await executed(admin, 'completed');
      await post(admin, plan, 'rollback');
      await planIs(admin, plan, 'failed');
      expect((await post(admin, plan, 'rollback')).status).toBe(202);
      const rolledBack = await planIs(admin, plan, 'rolled_back');
      expect(rolledBack.steps).toMatchObject([
        { index: 1, status: 'succeeded' },
        { index: 2, status: 'failed', params: { version: '2.4.0', toVersion: '2.4.1' } },
        { index: 3, status: 'succeeded', params: { version: '2.4.0', toVersion: '2.4.1' } },
      ]);
      expect(new Set(runner.orders.map(({ webhookId }) => webhookId)).size).toBe(3);
      expect(await incidentStatus(admin, plan)).toBe('resolved');
      expect((await post(admin, plan, 'rollback')).body.error).toBe('conflict');
    });
  });
});
