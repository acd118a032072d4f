import { Global, Module } from '@nestjs/common';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { IncidentLifecycle } from './api.js';
import { ReceiveAlert } from './application/receive-alert.js';
import { TellIncident } from './application/tell-incident.js';
import { Alerts } from './domain/alert.js';
import { Incidents } from './domain/incidents.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BatchedAlerts } from './infrastructure/batched-alerts.js';
import { DuplicateCounts } from './infrastructure/duplicate-counts.js';
import { incidentSchema } from './infrastructure/incident.schema.js';

/** Alerts in, incidents kept. Global, so that its api.ts can be asked for without an import of this file. */
@Global()
@Module({
  controllers: [WebhooksController],
  providers: [
    ReceiveAlert,
    DuplicateCounts,
    provideStore(Incidents, incidentSchema),
    { provide: Alerts, useClass: BatchedAlerts },
    { provide: IncidentLifecycle, useClass: TellIncident },
  ],
  exports: [IncidentLifecycle],
})
export class IngestionModule {}
