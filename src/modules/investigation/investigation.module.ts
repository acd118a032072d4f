import { Global, Module } from '@nestjs/common';
import { ChangeLog, Investigations } from './api.js';
import { AbortInvestigation } from './application/abort-investigation.js';
import { AddContext } from './application/add-context.js';
import { AdmitInvestigations } from './application/admit-investigations.js';
import { AlertHistory } from './application/alert-history.js';
import { ReadNearbyAlerts } from './application/read-nearby-alerts.js';
import { InvestigationsFacade } from './application/investigations-facade.js';
import { AnalyserForRequests } from './application/analyser-for-requests.js';
import { AnalyserPool } from './application/analyser-pool.js';
import { DecideKnownSolution } from './application/decide-known-solution.js';
import { EndRun } from './application/end-run.js';
import { ExportEvalCase } from './application/export-eval-case.js';
import { GatherEvidence } from './application/gather-evidence.js';
import { GiveFeedback } from './application/give-feedback.js';
import { InvestigateIncident } from './application/investigate-incident.js';
import { RecordStep } from './application/record-step.js';
import { ListChanges } from './application/list-changes.js';
import { ModelCalls } from './application/model-calls.js';
import { PrepareRun } from './application/prepare-run.js';
import { PerformStep } from './application/perform-step.js';
import { PullConnectedEvidence } from './application/pull-connected-evidence.js';
import { RunPipeline } from './application/run-pipeline.js';
import { ReadAttachedEvidence } from './application/read-attached-evidence.js';
import { ReadChangesAndNotes } from './application/read-changes-and-notes.js';
import { RecallMemory } from './application/recall-memory.js';
import { RecordChange } from './application/record-change.js';
import { ReplayInvestigation } from './application/replay-investigation.js';
import { ReplayReview } from './application/replay-review.js';
import { RereadEvidence } from './application/reread-evidence.js';
import { ReviewWithModel } from './application/review-with-model.js';
import { ShowInvestigation } from './application/show-investigation.js';
import { StartInvestigation } from './application/start-investigation.js';
import { TriageIncidents } from './application/triage-incidents.js';
import { WatchRun } from './application/watch-run.js';
import { WhenIncidentCreated } from './application/when-incident-created.js';
import { DeleteInvestigationsWhenIncidentsDeleted } from './application/when-incidents-deleted.js';
import { RunRecords } from './domain/run-records.js';
import { ModelChat } from './domain/review/model-chat.js';
import { Runs } from './domain/runs.js';
import { ChangesController } from './http/changes.controller.js';
import { InvestigationController } from './http/investigation.controller.js';
import { RecordedRunsController } from './http/recorded-runs.controller.js';
import { TriageController } from './http/triage.controller.js';
import { QueueMetrics } from './infrastructure/queue-metrics.js';
import { AiSdkChat } from './infrastructure/ai-sdk-chat.js';
import { SqlRunRecords } from './infrastructure/sql-run-records.js';
import { WorkerThreadPool } from './infrastructure/worker-thread-pool.js';
import { SqlRuns } from './infrastructure/sql-runs.js';

/** Triage and investigation runs. Global, so that other modules can inject its `api.ts` without importing this file. */
@Global()
@Module({
  controllers: [TriageController, InvestigationController, RecordedRunsController, ChangesController],
  providers: [
    WhenIncidentCreated,
    DeleteInvestigationsWhenIncidentsDeleted,
    TriageIncidents,
    StartInvestigation,
    AdmitInvestigations,
    InvestigateIncident,
    WatchRun,
    RunPipeline,
    PerformStep,
    RecordStep,
    ReviewWithModel,
    ModelCalls,
    PrepareRun,
    RecallMemory,
    GatherEvidence,
    ReadAttachedEvidence,
    PullConnectedEvidence,
    ReadNearbyAlerts,
    AlertHistory,
    ReadChangesAndNotes,
    RereadEvidence,
    AnalyserForRequests,
    EndRun,
    AbortInvestigation,
    ShowInvestigation,
    ReplayInvestigation,
    ReplayReview,
    ExportEvalCase,
    DecideKnownSolution,
    AddContext,
    GiveFeedback,
    RecordChange,
    ListChanges,
    QueueMetrics,
    { provide: Runs, useClass: SqlRuns },
    { provide: ModelChat, useClass: AiSdkChat },
    { provide: AnalyserPool, useClass: WorkerThreadPool },
    { provide: RunRecords, useClass: SqlRunRecords },
    { provide: ChangeLog, useExisting: RecordChange },
    { provide: Investigations, useClass: InvestigationsFacade },
  ],
  exports: [Investigations, ChangeLog],
})
export class InvestigationModule {}
