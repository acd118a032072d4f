import { EventsHandler, type IEventHandler } from '@nestjs/cqrs';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { type InvestigationResult, Investigations } from '#modules/investigation/api';
import { InvestigationCompleted } from '#modules/investigation/events';
import { Patterns } from '#modules/knowledge/api';
import { type Plan, planAgainst } from '../domain/plan.js';
import { ProposeRemediation } from './propose-remediation.js';

/** Proposes what can be done about the cause that a run found, or hands the incident back to people. */
@EventsHandler(InvestigationCompleted)
export class WhenInvestigationCompleted implements IEventHandler<InvestigationCompleted> {
  constructor(
    private readonly once: Once,
    private readonly incidents: IncidentLifecycle,
    private readonly investigations: Investigations,
    private readonly patterns: Patterns,
    private readonly proposeRemediation: ProposeRemediation,
  ) {}

  async handle(event: InvestigationCompleted): Promise<void> {
    const { tenantId, data } = event;
    const { incidentId } = data;
    await this.once.do('propose-remediation', event, async () => {
      const incident = await this.incidents.hold(tenantId, incidentId);
      // A person has resolved it meanwhile, and nobody waits for a proposal any more.
      if (incident.status !== 'investigating') return;
      const result = await this.investigations.latestResult(tenantId, incidentId);
      const plan = result && (await this.planFor(event, result));
      if (plan) await this.proposeRemediation.execute(tenantId, result, plan);
      else
        await this.incidents.tell(tenantId, incidentId, {
          happened: 'investigation_closed_without_proposal',
        });
    });
  }

  private async planFor(
    { tenantId }: InvestigationCompleted,
    { acceptedPatternId, outcome, culprit }: InvestigationResult,
  ): Promise<Plan | undefined> {
    if (acceptedPatternId !== null) {
      const pattern = await this.patterns.find(tenantId, acceptedPatternId);
      return pattern?.fix ?? undefined;
    }
    const hasCause = outcome === 'identified' || outcome === 'probable';
    return hasCause && culprit ? planAgainst(culprit) : undefined;
  }
}
