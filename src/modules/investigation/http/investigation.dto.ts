import {
  AnyObject,
  Field,
  Flag,
  Fraction,
  IdOf,
  ListOf,
  Moment,
  ObjectOf,
  OneOf,
  Text,
  Texts,
  Whole,
} from '#kernel/http/fields';
import { PageQuery } from '#kernel/http/page';
import { INCIDENT_STATUSES, type IncidentStatus } from '#modules/ingestion/events';
import { OUTCOMES, type OutcomeName } from '../domain/outcome/decide-outcome.js';
import { EVIDENCE_TYPES, type EvidenceType } from '../domain/evidence/evidence.js';
import { RUN_STATUSES, type RunStatus, STEP_STATUSES } from '../domain/run.js';
import { words } from '#kernel/domain/words';

export class InvestigationStarted {
  @IdOf('inc') incidentId!: string;
  @OneOf(['investigating']) status!: 'investigating';
  @IdOf('inv') investigationId!: string;
}

class FindingView {
  @Text({
    max: 1000,
    example: 'Deploy v42 of checkout (“Use new pool”) at 14:04 UTC, 6 minutes before the onset.',
  })
  statement!: string;
  @Text({ max: 64, summary: 'Kind of fact', example: 'change' }) kind!: string;
  @Texts({
    summary: 'Ids of the cited evidence; at least one',
    example: ['evd_01HX9VTPQR3KF8MZWBYD5N6JCE'],
  })
  evidenceIds!: readonly string[];
  @Text({ max: 200, nullable: true, example: 'checkout' }) entity!: string | null;
  @Moment({ nullable: true, summary: 'Start of the fact' }) at!: string | null;
  @Field({ type: 'number', nullable: true, summary: 'How far it stands out, on the scale of its kind' })
  score!: number | null;
  @AnyObject({ nullable: true, summary: 'The numbers behind the statement' }) data!: object | null;
}

class AgentStepView {
  @Whole({ min: 1 }) stepIndex!: number;
  @Text({ max: 100, example: 'log analysis' }) agentName!: string;
  @OneOf(STEP_STATUSES) status!: (typeof STEP_STATUSES)[number];
  @Text({ max: 2000, nullable: true, summary: 'What it reported' }) message!: string | null;
  @Moment({ nullable: true }) startedAt!: string | null;
  @Whole({ nullable: true }) durationMs!: number | null;
  @ListOf(() => FindingView) findings!: readonly FindingView[];
}

const HYPOTHESIS_STATUSES = words('HypothesisStatus', ['supported', 'ruled_out', 'open']);

class HypothesisView {
  @IdOf('hyp') hypothesisId!: string;
  @Text({ max: 4000, example: 'Deploy v42 of checkout broke it' }) statement!: string;
  @Fraction({ summary: 'How strongly the evidence points here' }) score!: number;
  @OneOf(HYPOTHESIS_STATUSES) status!: (typeof HYPOTHESIS_STATUSES)[number];
  @Texts({ summary: 'Ids of evidence', example: ['evd_01HX9VTPQR3KF8MZWBYD5N6JCE'] })
  supportedBy!: readonly string[];
  @Texts({ summary: 'Ids of evidence', example: ['evd_01HX9VTPQR3KF8MZWBYD5N6JCE'] })
  contradictedBy!: readonly string[];
  @Text({ max: 4000, nullable: true, summary: 'Why it was ruled out or stays open' }) because!: string | null;
  @OneOf(['agents', 'model'], {
    summary: 'A hypothesis of a model stays open and does not affect the outcome',
  })
  proposedBy!: 'agents' | 'model';
}

class KnownSolutionView {
  @IdOf('ptn') patternId!: string;
  @Text({ max: 500, example: 'Payment processor pool exhaustion' }) title!: string;
  @Text({ max: 4000, nullable: true }) rootCause!: string | null;
  @Text({ max: 2000, nullable: true }) runbookUrl!: string | null;
  @Fraction({ summary: 'Similarity of the alert and the pattern' }) similarity!: number;
  @OneOf(['undecided', 'accepted', 'dismissed']) decision!: 'undecided' | 'accepted' | 'dismissed';
  @Flag({ summary: 'Whether the run waits for a decision' }) isAwaited!: boolean;
}

export class InvestigationView {
  @IdOf('inv') investigationId!: string;
  @IdOf('inc') incidentId!: string;
  @OneOf(RUN_STATUSES) status!: RunStatus;
  @Text({
    max: 64,
    nullable: true,
    summary: 'The user or key that started it; null when triage or a trigger did',
  })
  startedBy!: string | null;
  @Text({ max: 4000, nullable: true }) rootCause!: string | null;
  @Text({
    max: 10_000,
    nullable: true,
    summary: 'In the words of a model, where one is configured: each sentence is a cited finding of its step',
    example: 'Checkout ran out of connections right after deploy v42.',
  })
  explanation!: string | null;
  @Fraction({ nullable: true, summary: 'null until the run completes' }) confidence!: number | null;
  @OneOf(OUTCOMES, { nullable: true }) outcome!: OutcomeName | null;
  @ListOf(() => HypothesisView, { summary: 'Best first' }) hypotheses!: readonly HypothesisView[];
  @Texts({ example: ['Roll back deploy v42'] }) recommendedActions!: readonly string[];
  @ListOf(() => AgentStepView) steps!: readonly AgentStepView[];
  @Texts({ summary: 'Evidence that would help and was not available', example: ['metrics of checkout'] })
  missingEvidence!: readonly string[];
  @ObjectOf(() => KnownSolutionView, { nullable: true }) knownSolution!: KnownSolutionView | null;
  @Text({ max: 1000, nullable: true, summary: 'Why it failed' }) failure!: string | null;
  @Moment() queuedAt!: string;
  @Moment({ nullable: true }) startedAt!: string | null;
  @Moment({ nullable: true }) endedAt!: string | null;
}

export class InvestigationPage {
  @ListOf(() => InvestigationView) items!: readonly InvestigationView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}

export class EvidenceQuery extends PageQuery {
  @IdOf('inv', { optional: true, summary: 'Id of an earlier run; defaults to the latest run' })
  investigationId?: string;
}

export class RunEvidenceView {
  @IdOf('evd') evidenceId!: string;
  @OneOf(EVIDENCE_TYPES) type!: EvidenceType;
  @Text({ max: 200, example: 'changes' }) source!: string;
  @Text({ max: 100, summary: 'The agent that read it', example: 'change detection' }) agentName!: string;
  @Text({ max: 2000, example: 'Two deploys of checkout' }) summary!: string;
  @Moment() observedAt!: string;
  @Text({ max: 2000, nullable: true, summary: 'The query' }) query!: string | null;
  @Text({ max: 4000, min: 0, summary: 'The beginning of the content', example: '2 changes' })
  content!: string;
  @Text({ max: 64, summary: 'SHA-256 of the whole content, in hex', example: '9f86d081…' })
  contentHash!: string;
}

export class RunEvidencePage {
  @ListOf(() => RunEvidenceView) items!: readonly RunEvidenceView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}

export class ContextBody {
  @Text({ max: 20_000, example: 'The payment provider reported an outage at 14:00.' }) context!: string;
  @Flag({ optional: true, default: false, summary: 'Start a new run that reads it' }) reinvestigate?: boolean;
}

export class ContextAdded {
  @IdOf('inc') incidentId!: string;
  @OneOf(INCIDENT_STATUSES, { summary: 'Status of the incident', example: 'investigating' })
  status!: IncidentStatus;
  @IdOf('inv', { nullable: true, summary: 'The run that was started to read it' }) investigationId!:
    string | null;
}

export class KnownSolutionBody {
  @OneOf(['accept', 'dismiss']) action!: 'accept' | 'dismiss';
  @IdOf('ptn') patternId!: string;
}

export class FeedbackBody {
  @Whole({ min: 1, max: 5 }) rating!: number;
  @Flag() rootCauseAccurate!: boolean;
  @Text({ max: 4000, optional: true, example: 'The cache was cold' }) correctedRootCause?: string;
  @Text({ max: 4000, optional: true, example: 'Found by hand' }) comment?: string;
}

export class FeedbackView {
  @IdOf('inc') incidentId!: string;
  @IdOf('inv') investigationId!: string;
  @IdOf('user') userId!: string;
  @Whole({ min: 1, max: 5 }) rating!: number;
  @Flag() rootCauseAccurate!: boolean;
  @Text({ max: 4000, nullable: true }) correctedRootCause!: string | null;
  @Text({ max: 4000, nullable: true }) comment!: string | null;
  @Moment() givenAt!: string;
}
