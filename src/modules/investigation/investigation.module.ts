import { Global, Module } from '@nestjs/common';
import { ChangeLog, Investigations } from './api.js';
import { AbortInvestigation } from './application/abort-investigation.js';
import { AddContext } from './application/add-context.js';
import { AdmitInvestigations } from './application/admit-investigations.js';
import { AlertHistory } from './application/alert-history.js';
import { AlertsAround } from './application/alerts-around.js';
import { AskInvestigations } from './application/ask-investigations.js';
import { DeskForCaller } from './application/desk-for-caller.js';
import { Desks } from './application/desks.js';
import { DecideKnownSolution } from './application/decide-known-solution.js';
import { EndRun } from './application/end-run.js';
import { ExportEvalCase } from './application/export-eval-case.js';
import { GatherEvidence } from './application/gather-evidence.js';
import { GiveFeedback } from './application/give-feedback.js';
import { InvestigateIncident } from './application/investigate-incident.js';
import { KeepStep } from './application/keep-step.js';
import { ListChanges } from './application/list-changes.js';
import { ModelCalls } from './application/model-calls.js';
import { OpenCase } from './application/open-case.js';
import { PerformStep } from './application/perform-step.js';
import { PullConnected } from './application/pull-connected.js';
import { PursueCase } from './application/pursue-case.js';
import { ReadAttached } from './application/read-attached.js';
import { ReadRecorded } from './application/read-recorded.js';
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
import { CaseFile } from './domain/evidence/case-file.js';
import { ModelChat } from './domain/review/model-chat.js';
import { Runs } from './domain/runs.js';
import { ChangesController } from './http/changes.controller.js';
import { InvestigationController } from './http/investigation.controller.js';
import { RecordedRunsController } from './http/recorded-runs.controller.js';
import { TriageController } from './http/triage.controller.js';
import { QueueFigures } from './infrastructure/queue-figures.js';
import { AiSdkChat } from './infrastructure/ai-sdk-chat.js';
import { SqlCaseFile } from './infrastructure/sql-case-file.js';
import { ThreadedDesks } from './infrastructure/threaded-desks.js';
import { SqlRuns } from './infrastructure/sql-runs.js';

/** Triage, and the runs that find out why. Global, so that its api.ts can be asked for without an import of this file. */
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
    PursueCase,
    PerformStep,
    KeepStep,
    ReviewWithModel,
    ModelCalls,
    OpenCase,
    RecallMemory,
    GatherEvidence,
    ReadAttached,
    PullConnected,
    AlertsAround,
    AlertHistory,
    ReadRecorded,
    RereadEvidence,
    DeskForCaller,
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
    QueueFigures,
    { provide: Runs, useClass: SqlRuns },
    { provide: ModelChat, useClass: AiSdkChat },
    { provide: Desks, useClass: ThreadedDesks },
    { provide: CaseFile, useClass: SqlCaseFile },
    { provide: ChangeLog, useExisting: RecordChange },
    { provide: Investigations, useClass: AskInvestigations },
  ],
  exports: [Investigations, ChangeLog],
})
export class InvestigationModule {}
