import { Global, Module } from '@nestjs/common';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { IncidentEvidence, IncidentLifecycle, IncidentOpening } from './api.js';
import { AdvanceIncident } from './application/advance-incident.js';
import { AttachEvidence } from './application/attach-evidence.js';
import { ChangeIncident } from './application/change-incident.js';
import { DeleteOldIncidents } from './application/delete-old-incidents.js';
import { ListAlerts } from './application/list-alerts.js';
import { ListEvidence } from './application/list-evidence.js';
import { ListIncidents } from './application/list-incidents.js';
import { OpenIncident } from './application/open-incident.js';
import { ReadEvidence } from './application/read-evidence.js';
import { ReadTimeline } from './application/read-timeline.js';
import { ReceiveAlert } from './application/receive-alert.js';
import { ReceiveNotices } from './application/receive-notices.js';
import { Alerts } from './domain/alert.js';
import { EvidenceStore } from './domain/evidence.js';
import { Incidents } from './domain/incidents.js';
import { EvidenceController } from './http/evidence.controller.js';
import { IncidentsController } from './http/incidents.controller.js';
import { AlertGate } from './http/alert-gate.js';
import { AlertLane } from './http/alert-lane.js';
import { NativeWebhooksController } from './http/native-webhooks.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { BatchedAlerts } from './infrastructure/batched-alerts.js';
import { DuplicateCounts } from './infrastructure/duplicate-counts.js';
import { incidentSchema } from './infrastructure/incident.schema.js';
import { SqlEvidenceStore } from './infrastructure/sql-evidence-store.js';

/** Receives alerts and keeps incidents. Global, so that its api.ts can be injected without an import of this file. */
@Global()
@Module({
  // The first one that matches a path serves it.
  controllers: [WebhooksController, NativeWebhooksController, IncidentsController, EvidenceController],
  providers: [
    ReceiveAlert,
    ReceiveNotices,
    OpenIncident,
    ListIncidents,
    ChangeIncident,
    ReadTimeline,
    DeleteOldIncidents,
    ListAlerts,
    AttachEvidence,
    ListEvidence,
    DuplicateCounts,
    AlertGate,
    AlertLane,
    provideStore(Incidents, incidentSchema),
    { provide: Alerts, useClass: BatchedAlerts },
    { provide: EvidenceStore, useClass: SqlEvidenceStore },
    { provide: IncidentLifecycle, useClass: AdvanceIncident },
    { provide: IncidentOpening, useExisting: OpenIncident },
    { provide: IncidentEvidence, useClass: ReadEvidence },
  ],
  exports: [IncidentLifecycle, IncidentOpening, IncidentEvidence],
})
export class IngestionModule {}
