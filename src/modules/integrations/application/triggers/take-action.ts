import { Injectable } from '@nestjs/common';
import { IncidentOpening } from '#modules/ingestion/api';
import { ChangeLog, Investigations } from '#modules/investigation/api';
import { RemediationProposals } from '#modules/remediation/api';
import type { Firing, Trigger } from '../../domain/trigger.js';
import type { CreateIncidentConfig, NotifyConfig, RecordChangeConfig } from './check-rule.js';
import type { Match } from './match-triggers.js';
import { RequestMessage } from '../chat/request-message.js';

type Outcome = Pick<Firing, 'actionTaken' | 'incidentId'>;

/** Runs the action of a trigger, in the transaction that records its firing. */
@Injectable()
export class TakeAction {
  constructor(
    private readonly investigations: Investigations,
    private readonly incidents: IncidentOpening,
    private readonly changes: ChangeLog,
    private readonly proposals: RemediationProposals,
    private readonly requestMessage: RequestMessage,
  ) {}

  /**
   * @returns `none` as the action taken when the event has no incident or service to act on
   * @throws Refusal of the other module, for example because the incident is closed
   */
  async execute(
    { tenantId, action, actionConfig, name }: Trigger,
    { event, incident }: Match,
  ): Promise<Outcome> {
    const incidentId = incident?.incidentId ?? null;
    const none: Outcome = { actionTaken: 'none', incidentId };
    switch (action) {
      case 'start_investigation':
        if (incidentId === null) return none;
        await this.investigations.startUnlessRunning(tenantId, incidentId, null);
        return { actionTaken: action, incidentId };
      case 'create_incident': {
        const opened = await this.incidents.open(tenantId, actionConfig as unknown as CreateIncidentConfig);
        return { actionTaken: action, incidentId: opened };
      }
      case 'record_change': {
        const {
          type,
          service = incident?.service,
          ...config
        } = actionConfig as unknown as RecordChangeConfig;
        if (!service) return none;
        await this.changes.record(tenantId, {
          type,
          service,
          environment: config.environment ?? incident?.environment ?? null,
          version: config.version ?? null,
          summary: config.summary ?? `${name}: ${event.type}`,
          url: config.url ?? null,
          occurredAt: event.occurredAt,
        });
        return { actionTaken: action, incidentId };
      }
      case 'notify': {
        const { integrationId, text = null } = actionConfig as unknown as Partial<NotifyConfig>;
        // Without an integration, the event that records the firing is the notification.
        if (integrationId !== undefined)
          await this.requestMessage.execute({ tenantId, integrationId }, { event, trigger: name, text });
        return { actionTaken: action, incidentId };
      }
      case 'run_remediation_proposal':
        if (incidentId === null) return none;
        await this.proposals.proposeAgain(tenantId, incidentId);
        return { actionTaken: action, incidentId };
    }
  }
}
