import { Global, Module } from '@nestjs/common';
import { ChangeLog, Investigations } from './api.js';
import { AbortInvestigation } from './application/runs/abort-investigation.js';
import { AddContext } from './application/runs/add-context.js';
import { AdmitInvestigations } from './application/runs/admit-investigations.js';
import { AlertHistory } from './application/evidence/alert-history.js';
import { ReadNearbyAlerts } from './application/evidence/read-nearby-alerts.js';
import { InvestigationsFacade } from './application/investigations-facade.js';
import { AnalyserForRequests } from './application/analysis/analyser-for-requests.js';
import { AnalyserPool } from './application/analysis/analyser-pool.js';
import { DecideKnownSolution } from './application/runs/decide-known-solution.js';
import { EndRun } from './application/runs/end-run.js';
import { ExportEvalCase } from './application/replay/export-eval-case.js';
import { GatherEvidence } from './application/evidence/gather-evidence.js';
import { GiveFeedback } from './application/runs/give-feedback.js';
import { InvestigateIncident } from './application/runs/investigate-incident.js';
import { RecordStep } from './application/runs/record-step.js';
import { FindChange } from './application/changes/find-change.js';
import { ListChanges } from './application/changes/list-changes.js';
import { ModelCalls } from './application/review/model-calls.js';
import { PrepareRun } from './application/runs/prepare-run.js';
import { PerformStep } from './application/runs/perform-step.js';
import { PullConnectedEvidence } from './application/evidence/pull-connected-evidence.js';
import { RunPipeline } from './application/runs/run-pipeline.js';
import { ReadAttachedEvidence } from './application/evidence/read-attached-evidence.js';
import { ReadChangesAndNotes } from './application/evidence/read-changes-and-notes.js';
import { RecallMemory } from './application/runs/recall-memory.js';
import { RecordChange } from './application/changes/record-change.js';
import { ReplayInvestigation } from './application/replay/replay-investigation.js';
import { ReplayReview } from './application/replay/replay-review.js';
import { RereadEvidence } from './application/evidence/reread-evidence.js';
import { ReviewWithModel } from './application/review/review-with-model.js';
import { ShowInvestigation } from './application/runs/show-investigation.js';
import { StartInvestigation } from './application/runs/start-investigation.js';
import { TriageIncidents } from './application/triage-incidents.js';
import { WatchRun } from './application/runs/watch-run.js';
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
    FindChange,
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
