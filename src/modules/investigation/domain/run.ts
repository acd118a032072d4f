import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { InvestigationCompleted, InvestigationProgress, KnownSolutionFound } from '../events.js';
import type { AgentReport, EarlierIncident, InvestigatedIncident } from './agents/agent.js';
import type { Outcome, OutcomeInputs, OutcomeName } from './outcome/decide-outcome.js';
import { noneUnderWay, notAwaited } from './errors.js';
import type { SuspectedChange } from './hypothesis.js';
import type { KnownSolution } from './known-solution.js';
import type { Onset } from './evidence/onset.js';

export const RUN_STATUSES = words('InvestigationStatus', [
  'queued',
  'running',
  'completed',
  'inconclusive',
  'aborted',
  'failed',
]);
export type RunStatus = (typeof RUN_STATUSES)[number];

export const STEP_STATUSES = ['pending', 'running', 'completed', 'skipped', 'failed'] as const;

export const RUN_TRIGGERS = ['triage', 'person', 'automation'] as const;

/** What started a run. `startedBy` is the id of a user or an API key; null for triage and automations. */
export interface RunOrigin {
  readonly trigger: (typeof RUN_TRIGGERS)[number];
  readonly startedBy: string | null;
}

/** One agent's turn. Its findings are stored in a table of their own; the rest of its report is stored with the step. */
export interface Step {
  readonly stepIndex: number;
  readonly agentName: string;
  readonly status: (typeof STEP_STATUSES)[number];
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly report: Omit<AgentReport, 'agentName' | 'findings'> | null;
}

/** What was known when the run began. Plain JSON, stored with the run. */
export interface Memory {
  readonly incident: InvestigatedIncident;
  readonly earlierIncidents: readonly EarlierIncident[];
}

/** One investigation of one incident, from queued to ended. Each step is committed when it ends. */
export class Run extends Aggregate {
  readonly investigationId!: string;
  readonly incidentId!: string;
  status!: RunStatus;
  readonly trigger!: RunOrigin['trigger'];
  readonly startedBy!: string | null;
  /** Correlation id of the request or event that started it. */
  readonly correlationId!: string | null;
  steps!: readonly Step[];
  memory: Memory | null = null;
  onset: Onset | null = null;
  /** What sources did not return, and why, as sentences; appended to `missingEvidence` at the end. */
  unreadSources: readonly string[] = [];
  knownSolution: KnownSolution | null = null;
  /** Paused until a person decides on the known solution, or the waiting time is over. */
  isWaiting = false;
  outcome: OutcomeName | null = null;
  rootCause: string | null = null;
  confidence: number | null = null;
  recommendedActions: readonly string[] = [];
  missingEvidence: readonly string[] = [];
  culprit: SuspectedChange | null = null;
  acceptedPatternId: string | null = null;
  outcomeInputs: OutcomeInputs | null = null;
  outcomePolicy: string | null = null;
  failure: string | null = null;
  readonly queuedAt!: Date;
  startedAt: Date | null = null;
  endedAt: Date | null = null;

  private constructor() {
    super();
  }

  static queue(
    tenantId: TenantId,
    incidentId: string,
    { trigger, startedBy, correlationId = null }: RunOrigin & { readonly correlationId?: string | null },
    agentNames: readonly string[],
    now: Date,
  ): Run {
    return Object.assign(new Run(), {
      tenantId,
      investigationId: newId('inv'),
      incidentId,
      status: 'queued' as const,
      trigger,
      startedBy,
      correlationId,
      steps: agentNames.map((agentName, i): Step => ({
        stepIndex: i + 1,
        agentName,
        status: 'pending',
        startedAt: null,
        durationMs: null,
        report: null,
      })),
      queuedAt: now,
    });
  }

  get isUnderWay(): boolean {
    return this.status === 'queued' || this.status === 'running';
  }

  /**
   * Marks the steps to execute next as running: the next ones, or after a crash those that were cut off.
   * @param choose picks from the agent names of the open steps, given those of the ended steps
   * @returns the started steps; none when every step has ended
   */
  beginSteps(choose: (done: ReadonlySet<string>, open: readonly string[]) => string[], now: Date): Step[] {
    const open = this.steps.filter(({ status }) => status === 'pending' || status === 'running');
    const done = this.steps.filter(({ status }) => status === 'completed' || status === 'failed');
    const chosen = choose(new Set(done.map(nameOf)), open.map(nameOf));
    return open
      .filter(({ agentName }) => chosen.includes(agentName))
      .map((step) => this.setStep({ ...step, status: 'running', startedAt: now.toISOString() }));
  }

  /** @returns false when the step or the run has ended already; the report is then ignored */
  finishStep(stepIndex: number, report: AgentReport, durationMs: number): boolean {
    const step = this.steps[stepIndex - 1];
    if (this.status !== 'running' || step?.status !== 'running') return false;
    const { agentName, findings: _storedApart, ...rest } = report;
    this.setStep({ ...step, status: report.failed ? 'failed' : 'completed', durationMs, report: rest });
    this.record(
      new InvestigationProgress({
        incidentId: this.incidentId,
        message: report.message,
        agentName,
        stepIndex,
        totalSteps: this.steps.length,
      }),
    );
    return true;
  }

  remember(memory: Memory): void {
    this.memory = memory;
  }

  /** Publishes a known solution. @param wait whether to pause the run until a person decides on it */
  offerKnownSolution(known: KnownSolution, wait: boolean): void {
    this.knownSolution = known;
    this.isWaiting = wait;
    this.record(
      new KnownSolutionFound({
        incidentId: this.incidentId,
        matchedPatternId: known.patternId,
        matchedTitle: known.title,
        confidence: known.similarity,
        runbookUrl: known.runbookUrl,
      }),
    );
  }

  /** @throws Refusal `conflict` when the run does not wait for a decision on this pattern */
  decideKnownSolution(patternId: string, decision: 'accepted' | 'dismissed'): void {
    if (!this.isWaiting || this.knownSolution?.patternId !== patternId) {
      throw notAwaited();
    }
    this.knownSolution = { ...this.knownSolution, decision };
    this.isWaiting = false;
  }

  /** The waiting time is over without a decision: the run continues and treats the known solution as undecided. */
  stopWaiting(): void {
    this.isWaiting = false;
  }

  setOnset(onset: Onset): void {
    this.onset = onset;
  }

  /** @returns false when the run has ended already */
  conclude(outcome: Outcome, inputs: OutcomeInputs, now: Date): boolean {
    if (this.status !== 'running') return false;
    const { rootCause, confidence } = outcome;
    const recommendedActions = [...outcome.recommendedActions];
    this.status = outcome.outcome === 'inconclusive' ? 'inconclusive' : 'completed';
    this.outcome = outcome.outcome;
    this.rootCause = rootCause;
    this.confidence = confidence;
    this.recommendedActions = recommendedActions;
    this.missingEvidence = [...outcome.missingEvidence, ...this.unreadSources];
    this.culprit = outcome.hypotheses.find(({ statement }) => statement === rootCause)?.change ?? null;
    this.acceptedPatternId =
      this.knownSolution?.decision === 'accepted' ? this.knownSolution.patternId : null;
    this.outcomeInputs = inputs;
    this.outcomePolicy = outcome.version;
    this.endedAt = now;
    const { incidentId } = this;
    this.record(new InvestigationCompleted({ incidentId, rootCause, confidence, recommendedActions }));
    return true;
  }

  /** @throws Refusal `conflict` when the run has ended already */
  abort(now: Date): void {
    if (!this.isUnderWay) throw noneUnderWay();
    this.end('aborted', 'skipped', now);
  }

  /** @returns false when the run has ended already */
  fail(reason: string, now: Date): boolean {
    if (!this.isUnderWay) return false;
    this.failure = reason;
    this.end('failed', 'failed', now);
    return true;
  }

  /** @param runningBecomes the final status of steps that are running; pending steps become `skipped` */
  private end(status: 'aborted' | 'failed', runningBecomes: 'skipped' | 'failed', now: Date): void {
    this.status = status;
    this.isWaiting = false;
    this.endedAt = now;
    for (const step of this.steps) {
      if (step.status === 'running') this.setStep({ ...step, status: runningBecomes });
      if (step.status === 'pending') this.setStep({ ...step, status: 'skipped' });
    }
  }

  private setStep(step: Step): Step {
    this.steps = this.steps.map((other) => (other.stepIndex === step.stepIndex ? step : other));
    return step;
  }
}

function nameOf({ agentName }: Step): string {
  return agentName;
}
