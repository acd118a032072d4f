import { ApiError } from './api-client.js';
import type { DemoTenant } from './demo-tenant.js';
import type { LiveEvent, LiveEvents } from './live-events.js';
import type { Screen } from './screen.js';

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

const SETTLED = new Set(['open', 'resolved', 'closed']);

/** Sends alerts of a tenant, shows what follows, and asks the user for each decision that only a person may make. */
export class Walkthrough {
  constructor(
    private readonly tenant: DemoTenant,
    private readonly events: LiveEvents,
    private readonly screen: Screen,
  ) {}

  /** Sends an alert and follows its incident until nothing more happens without a person. */
  async follow(alert: string, headline: string): Promise<void> {
    this.screen.headline(headline);
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
      return (await this.tenant.api.sendAlert(this.tenant.sender, alert)).incidentId;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      this.screen.line(`The server refused the alert and stored nothing: ${error.message}`);
      return undefined;
    }
  }

  /** Waits for the first matching event about an incident. */
  private first(incidentId: string, fits: (event: LiveEvent) => boolean): Promise<LiveEvent> {
    return this.events.first((event) => event.data['incidentId'] === incidentId && fits(event));
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
      await this.tenant.api.get(`/v1/investigation/${incidentId}`);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.screen.line('Not severe enough for an automatic investigation. The incident stays open.');
      return false;
    }
  }

  private async offerKnownSolution(incidentId: string, { data }: LiveEvent): Promise<string | undefined> {
    const similarity = Math.round(Number(data['confidence']) * 100);
    const accepted = await this.screen.ask(
      `"${String(data['matchedTitle'])}" is ${similarity} % similar. Apply its solution?`,
    );
    await this.tenant.api.post(`/v1/investigation/${incidentId}/known-solution`, {
      action: accepted ? 'accept' : 'dismiss',
      patternId: data['matchedPatternId'],
    });
    return accepted ? String(data['matchedPatternId']) : undefined;
  }

  private async showFindings(incidentId: string): Promise<void> {
    const run = await this.tenant.api.get<Investigation>(`/v1/investigation/${incidentId}`);
    const evidence = await this.tenant.api.get<{
      items: { evidenceId: string; summary: string; source: string }[];
    }>(`/v1/investigation/${incidentId}/evidence?limit=100`);
    if (run.rootCause === null) {
      this.screen.headline('  Inconclusive: the evidence does not show a root cause. Missing:');
      for (const missing of run.missingEvidence) this.screen.quote(missing);
      return;
    }
    this.screen.headline(
      `  Root cause (${run.outcome}, confidence ${Math.round(run.confidence * 100)} %): ${run.rootCause}`,
    );
    const cited = run.hypotheses.find(({ status }) => status === 'supported')?.supportedBy ?? [];
    for (const evidenceId of cited) {
      const found = evidence.items.find((item) => item.evidenceId === evidenceId);
      this.screen.quote(`${found?.source ?? 'evidence'}: ${found?.summary ?? evidenceId}`);
    }
  }

  private async offerPlan(incidentId: string, acceptedPatternId: string | undefined): Promise<void> {
    const settled = await this.first(
      incidentId,
      ({ data }) =>
        data['previousStatus'] === 'investigating' &&
        (data['newStatus'] === 'awaiting_approval' || SETTLED.has(String(data['newStatus']))),
    );
    if (settled.data['newStatus'] !== 'awaiting_approval') return;
    const proposed = await this.firstCalled(incidentId, 'remediation.proposed');
    const remediationId = String(proposed.data['remediationId']);
    this.screen.headline(`  Proposed: ${String(proposed.data['title'])}`);
    for (const step of proposed.data['steps'] as string[]) this.screen.quote(step);
    if (!(await this.screen.ask('Approve and execute?'))) {
      await this.tenant.api.post(`/v1/remediation/${remediationId}/reject`, {
        reason: 'Declined in the demo',
      });
      await this.firstCalled(incidentId, 'approval.resolved');
      return;
    }
    await this.tenant.api.post(`/v1/remediation/${remediationId}/approve`, { notes: 'Approved in the demo' });
    await this.tenant.api.post(`/v1/remediation/${remediationId}/execute`);
    await this.completeManualSteps(remediationId);
    await this.firstCalled(incidentId, 'remediation.executed');
    await this.showResult(incidentId, acceptedPatternId);
  }

  /** Without a runner that may be called, the user executes the steps and reports them. */
  private async completeManualSteps(remediationId: string): Promise<void> {
    const { steps } = await this.tenant.api.get<{
      steps: { stepId: string; manual: boolean; description: string }[];
    }>(`/v1/remediation/${remediationId}`);
    for (const { stepId, manual, description } of steps) {
      if (!manual) continue;
      const done = await this.screen.ask(`Manual step: ${description}. Done?`);
      await this.tenant.api.post(`/v1/remediation/${remediationId}/steps/${stepId}/complete`, {
        status: done ? 'succeeded' : 'failed',
      });
    }
  }

  /** Shows the result: a new pattern, or a known one that was seen again. */
  private async showResult(incidentId: string, acceptedPatternId: string | undefined): Promise<void> {
    const { status } = await this.tenant.api.get<{ status: string }>(`/v1/incidents/${incidentId}`);
    if (status !== 'resolved') {
      this.screen.line('Only a person can confirm that this helped. Resolve the incident by hand if it did.');
    } else if (acceptedPatternId === undefined) {
      await this.firstCalled(incidentId, 'knowledge.pattern_extracted');
    } else {
      this.screen.line('Resolved by the known solution. Its pattern counts one more occurrence.');
    }
  }
}
