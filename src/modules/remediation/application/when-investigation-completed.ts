import { EventsHandler, type IEventHandler } from '@nestjs/cqrs';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { Investigations } from '#modules/investigation/api';
import { InvestigationCompleted } from '#modules/investigation/events';
import { FindPlan } from './find-plan.js';
import { ProposeRemediation } from './propose-remediation.js';

/** Proposes a plan for the cause that an investigation found, or hands the incident back to people. */
@EventsHandler(InvestigationCompleted)
export class WhenInvestigationCompleted implements IEventHandler<InvestigationCompleted> {
  constructor(
    private readonly once: Once,
    private readonly incidents: IncidentLifecycle,
    private readonly investigations: Investigations,
    private readonly findPlan: FindPlan,
    private readonly proposeRemediation: ProposeRemediation,
  ) {}

  async handle(event: InvestigationCompleted): Promise<void> {
    const { tenantId, data } = event;
    const { incidentId } = data;
    await this.once.do('propose-remediation', event, async () => {
      const incident = await this.incidents.lock(tenantId, incidentId);
      // A person has ended it meanwhile; no proposal is needed.
      if (incident.status !== 'investigating') return;
      // A newer run has started; the proposal follows from its result.
      if (await this.investigations.isUnderWay(tenantId, incidentId)) return;
      const found = await this.findPlan.execute(tenantId, incidentId);
      if (found) await this.proposeRemediation.execute(tenantId, found.result, found.plan);
      else
        await this.incidents.advance(tenantId, incidentId, {
          happened: 'investigation_closed_without_proposal',
        });
    });
  }
}
