import { randomBytes } from 'node:crypto';
import { Caller, CallFailed } from './caller.js';
import type { LiveEvent, LiveEvents } from './live-events.js';
import type { PretendRunner } from './pretend-runner.js';
import type { Screen } from './screen.js';

interface Cast {
  readonly screen: Screen;
  readonly events: LiveEvents;
  readonly runner: PretendRunner;
}

interface Investigation {
  readonly rootCause: string | null;
  readonly confidence: number;
  readonly outcome: string;
  readonly hypotheses: readonly {
    readonly statement: string;
    readonly status: string;
    readonly supportedBy: readonly string[];
  }[];
  readonly missingEvidence: readonly string[];
}

const MINUTE = 60_000;
const SETTLED = new Set(['open', 'resolved', 'closed']);

/** A tenant that gets alerts, and a user who is asked what only a person may decide. */
export class Story {
  private constructor(
    private readonly api: Caller,
    private readonly sender: { tenantId: string; key: string; secret: string },
    private readonly cast: Cast,
  ) {}

  /** Creates a tenant with an API key, a runner and recent deploys, and opens the event stream. */
  static async begin(url: string, cast: Cast): Promise<Story> {
    const { screen, events, runner } = cast;
    const account = {
      email: `demo-${randomBytes(5).toString('hex')}@example.com`,
      password: randomBytes(12).toString('hex'),
      tenantName: 'Demo',
    };
    const { accessToken, tenant } = await new Caller(url).post<{
      accessToken: string;
      tenant: { tenantId: string };
    }>('/v1/auth/register', account);
    const api = new Caller(url, accessToken);
    const key = await api.post<{ plaintextKey: string; webhookSecret: string }>('/v1/api-keys', {
      name: 'demo',
    });
    screen.headline(`A tenant on ${url}, and everything its stream tells:`);
    await events.open(url, accessToken);
    await connectRunner(api, screen, runner);
    await recordDeploys(api);
    const sender = { tenantId: tenant.tenantId, key: key.plaintextKey, secret: key.webhookSecret };
    return new Story(api, sender, cast);
  }

  /** Sends one alert and follows its incident until nothing more happens by itself. */
  async tell(alert: string, headline: string): Promise<void> {
    const { screen } = this.cast;
    screen.headline(headline);
    const incidentId = await this.send(alert);
    if (incidentId === undefined) return;
    let acceptedPatternId: string | undefined;
    const outcome = await this.firstOrSettled(incidentId, [
      'investigation.known_solution_found',
      'investigation.completed',
    ]);
    if (outcome.event === 'investigation.known_solution_found') {
      acceptedPatternId = await this.offerKnownSolution(incidentId, outcome);
      await this.firstOrSettled(incidentId, ['investigation.completed']);
    }
    if (!(await this.wasInvestigated(incidentId))) return;
    await this.showFindings(incidentId);
    await this.offerPlan(incidentId, acceptedPatternId);
  }

  private async send(alert: string): Promise<string | undefined> {
    try {
      return (await this.api.sendAlert(this.sender, alert)).incidentId;
    } catch (error) {
      if (!(error instanceof CallFailed) || error.status >= 500) throw error;
      this.cast.screen.line(`refused, and nothing was stored: ${error.message}`);
      return undefined;
    }
  }

  /** Waits for the first matching event about an incident. */
  private first(incidentId: string, fits: (event: LiveEvent) => boolean): Promise<LiveEvent> {
    return this.cast.events.first((event) => event.data['incidentId'] === incidentId && fits(event));
  }

  private firstCalled(incidentId: string, name: string): Promise<LiveEvent> {
    return this.first(incidentId, ({ event }) => event === name);
  }

  /** Waits for one of the events, or for the incident to reach a settled status without any of them. */
  private firstOrSettled(incidentId: string, names: readonly string[]): Promise<LiveEvent> {
    return this.first(
      incidentId,
      ({ event, data }) => names.includes(event) || SETTLED.has(String(data['newStatus'])),
    );
  }

  private async wasInvestigated(incidentId: string): Promise<boolean> {
    try {
      await this.api.get(`/v1/investigation/${incidentId}`);
      return true;
    } catch (error) {
      if (!(error instanceof CallFailed) || error.status !== 404) throw error;
      this.cast.screen.line('Not severe enough to investigate by itself; it stays open for a person.');
      return false;
    }
  }

  private async offerKnownSolution(incidentId: string, { data }: LiveEvent): Promise<string | undefined> {
    const { screen } = this.cast;
    const likeness = Math.round(Number(data['confidence']) * 100);
    const accepted = await screen.ask(
      `"${String(data['matchedTitle'])}" is ${likeness} % alike. Use what helped then?`,
    );
    await this.api.post(`/v1/investigation/${incidentId}/known-solution`, {
      action: accepted ? 'accept' : 'dismiss',
      patternId: data['matchedPatternId'],
    });
    return accepted ? String(data['matchedPatternId']) : undefined;
  }

  private async showFindings(incidentId: string): Promise<void> {
    const { screen } = this.cast;
    const run = await this.api.get<Investigation>(`/v1/investigation/${incidentId}`);
    const evidence = await this.api.get<{ items: { evidenceId: string; summary: string; source: string }[] }>(
      `/v1/investigation/${incidentId}/evidence?limit=100`,
    );
    if (run.rootCause === null) {
      screen.headline(`  Inconclusive, and that is an answer. What is missing:`);
      for (const missing of run.missingEvidence) screen.quote(missing);
      return;
    }
    screen.headline(
      `  Root cause (${run.outcome}, confidence ${Math.round(run.confidence * 100)} %): ${run.rootCause}`,
    );
    const cited = run.hypotheses.find(({ status }) => status === 'supported')?.supportedBy ?? [];
    for (const evidenceId of cited) {
      const found = evidence.items.find((item) => item.evidenceId === evidenceId);
      screen.quote(`${found?.source ?? 'evidence'}: ${found?.summary ?? evidenceId}`);
    }
  }

  private async offerPlan(incidentId: string, acceptedPatternId: string | undefined): Promise<void> {
    const { screen } = this.cast;
    const settled = await this.first(
      incidentId,
      ({ data }) =>
        data['previousStatus'] === 'investigating' &&
        (data['newStatus'] === 'awaiting_approval' || SETTLED.has(String(data['newStatus']))),
    );
    if (settled.data['newStatus'] !== 'awaiting_approval') return;
    const proposed = await this.firstCalled(incidentId, 'remediation.proposed');
    const remediationId = String(proposed.data['remediationId']);
    screen.headline(`  Proposed: ${String(proposed.data['title'])}`);
    for (const step of proposed.data['steps'] as string[]) screen.quote(step);
    if (!(await screen.ask('Approve and carry it out?'))) {
      await this.api.post(`/v1/remediation/${remediationId}/reject`, { reason: 'Declined in the demo' });
      await this.firstCalled(incidentId, 'approval.resolved');
      return;
    }
    await this.api.post(`/v1/remediation/${remediationId}/approve`, { notes: 'Approved in the demo' });
    await this.api.post(`/v1/remediation/${remediationId}/execute`);
    await this.carryOutByHand(remediationId);
    await this.firstCalled(incidentId, 'remediation.executed');
    await this.showWhatStays(incidentId, acceptedPatternId);
  }

  /** Without a runner that may be called, the user does the steps and reports them. */
  private async carryOutByHand(remediationId: string): Promise<void> {
    const { steps } = await this.api.get<{
      steps: { stepId: string; manual: boolean; description: string }[];
    }>(`/v1/remediation/${remediationId}`);
    for (const { stepId, manual, description } of steps) {
      if (!manual) continue;
      const done = await this.cast.screen.ask(`By hand: ${description}. Done?`);
      await this.api.post(`/v1/remediation/${remediationId}/steps/${stepId}/complete`, {
        status: done ? 'succeeded' : 'failed',
      });
    }
  }

  /** Shows the result: a new pattern, or a known one that was seen again. */
  private async showWhatStays(incidentId: string, acceptedPatternId: string | undefined): Promise<void> {
    const { screen } = this.cast;
    const { status } = await this.api.get<{ status: string }>(`/v1/incidents/${incidentId}`);
    if (status !== 'resolved') {
      screen.line('Only a person can tell whether that helped: resolve the incident by hand.');
    } else if (acceptedPatternId === undefined) {
      await this.firstCalled(incidentId, 'knowledge.pattern_extracted');
    } else {
      screen.line('Resolved by what helped before; its pattern has been seen once more.');
    }
  }
}

async function connectRunner(api: Caller, screen: Screen, runner: PretendRunner): Promise<void> {
  const url = await runner.start((action, params) => {
    screen.line(`      the runner got a signed order: ${action} ${JSON.stringify(params)}`);
  });
  try {
    await api.post('/v1/integrations/http_runner/connect', {
      label: 'Pretend runner',
      config: { url, actions: ['rollback_deployment'] },
      credentials: { secret: runner.secret },
    });
  } catch (error) {
    if (!(error instanceof CallFailed) || error.status !== 422) throw error;
    screen.line(
      'This server may not call addresses of this machine (OUTBOUND_ALLOW_CIDRS), so the steps will be yours to do.',
    );
  }
}

async function recordDeploys(api: Caller): Promise<void> {
  const deploys = [
    { version: '2.4.0', ago: 26 * 60 * MINUTE, summary: 'Deploy checkout-api 2.4.0' },
    { version: '2.4.1', ago: 12 * MINUTE, summary: 'Deploy checkout-api 2.4.1: rework cart confirmation' },
  ];
  for (const { version, ago, summary } of deploys) {
    const occurredAt = new Date(performance.timeOrigin + performance.now() - ago).toISOString();
    await api.post('/v1/changes', {
      type: 'deploy',
      service: 'checkout-api',
      environment: 'production',
      version,
      summary,
      occurredAt,
    });
  }
}
