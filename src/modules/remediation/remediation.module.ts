import { Global, Module } from '@nestjs/common';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { Approvals, RemediationProposals, Remediations } from './api.js';
import { AdvancePlan } from './application/advance-plan.js';
import { ApproveRemediation } from './application/approve-remediation.js';
import { ClaimIncident } from './application/claim-incident.js';
import { CloseProposal } from './application/close-proposal.js';
import { CompleteStep } from './application/complete-step.js';
import { DryRunRemediation } from './application/dry-run-remediation.js';
import { ExecuteRemediation } from './application/execute-remediation.js';
import { ExpireApproval } from './application/expire-approval.js';
import { FindPlan } from './application/find-plan.js';
import { FindRemediations } from './application/find-remediations.js';
import { GiveFeedback } from './application/give-feedback.js';
import { OpenApproval } from './application/open-approval.js';
import { PendingApprovals } from './application/pending-approvals.js';
import { ProposeAgain } from './application/propose-again.js';
import { ProposeRemediation } from './application/propose-remediation.js';
import { RejectRemediation } from './application/reject-remediation.js';
import { RequestApproval } from './application/request-approval.js';
import { RespondToApproval } from './application/respond-to-approval.js';
import { RetryStep } from './application/retry-step.js';
import { RollBackRemediation } from './application/roll-back-remediation.js';
import { RunSteps } from './application/run-steps.js';
import { WhenIncidentEnded } from './application/when-incident-ended.js';
import { DeleteRemediationsWhenIncidentsDeleted } from './application/when-incidents-deleted.js';
import { WhenInvestigationCompleted } from './application/when-investigation-completed.js';
import { Plans } from './domain/plans.js';
import { ApprovalsController } from './http/approvals.controller.js';
import { ExecutionController } from './http/execution.controller.js';
import { RemediationsController } from './http/remediations.controller.js';
import { remediationSchema } from './infrastructure/remediation.schema.js';

/** Proposes, approves and executes plans. Global, so that its api.ts can be injected without importing this file. */
@Global()
@Module({
  controllers: [RemediationsController, ApprovalsController, ExecutionController],
  providers: [
    provideStore(Plans, remediationSchema),
    WhenInvestigationCompleted,
    WhenIncidentEnded,
    DeleteRemediationsWhenIncidentsDeleted,
    FindPlan,
    ProposeRemediation,
    OpenApproval,
    CloseProposal,
    ApproveRemediation,
    RejectRemediation,
    RespondToApproval,
    ExpireApproval,
    RequestApproval,
    PendingApprovals,
    ClaimIncident,
    ExecuteRemediation,
    RunSteps,
    AdvancePlan,
    DryRunRemediation,
    CompleteStep,
    RetryStep,
    RollBackRemediation,
    GiveFeedback,
    FindRemediations,
    { provide: Remediations, useExisting: FindRemediations },
    { provide: Approvals, useExisting: RespondToApproval },
    { provide: RemediationProposals, useClass: ProposeAgain },
  ],
  exports: [Approvals, Remediations, RemediationProposals],
})
export class RemediationModule {}
