import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';
import {
  IncidentCreated,
  IncidentSeverityChanged,
  INCIDENT_STATUSES,
  IncidentStatusChanged,
  type IncidentSource,
  type IncidentStatus,
} from '../events.js';
import { invalidTransition } from './errors.js';

export interface IncidentReport {
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Where an incident came from: a person, or an alert of a provider. */
export interface Origin {
  readonly source: IncidentSource;
  readonly provider: string | null;
  readonly sourceAlertId: string | null;
}

/** The outcome of an investigation. */
export interface Conclusion {
  readonly rootCause: string | null;
  readonly confidence: number;
  readonly recommendedActions: readonly string[];
  /** Causes that it ruled out, in the words in which another run may have reported them. */
  readonly ruledOut: readonly string[];
}

/** The transitions that a person may make. All others belong to the automatic flow. */
const MANUAL_TRANSITIONS: Readonly<Record<IncidentStatus, readonly IncidentStatus[]>> = {
  open: ['resolved', 'closed'],
  triaging: ['resolved', 'closed'],
  investigating: ['resolved', 'closed'],
  awaiting_approval: ['resolved', 'closed'],
  remediating: ['resolved', 'closed'],
  resolved: ['open', 'closed'],
  closed: ['open'],
};

export class Incident extends Aggregate {
  readonly incidentId!: string;
  readonly title!: string;
  readonly description!: string;
  severity!: Severity;
  status!: IncidentStatus;
  readonly source!: IncidentSource;
  readonly provider!: string | null;
  readonly sourceAlertId!: string | null;
  readonly service!: string | null;
  readonly environment!: string | null;
  readonly tags!: Readonly<Record<string, string>>;
  readonly metadata!: Readonly<Record<string, unknown>>;
  rootCause: string | null = null;
  confidence: number | null = null;
  recommendedActions: readonly string[] = [];
  alertCount = 0;
  readonly version: number = 1;
  readonly createdAt!: Date;
  updatedAt!: Date;
  resolvedAt: Date | null = null;

  private constructor() {
    super();
  }

  static open(tenantId: TenantId, report: IncidentReport, origin: Origin, now: Date): Incident {
    const incident = Object.assign(new Incident(), report, origin, {
      tenantId,
      incidentId: newId('inc'),
      status: 'open' as const,
      alertCount: origin.source === 'automated' ? 1 : 0,
      createdAt: now,
      updatedAt: now,
    });
    const { incidentId, title, severity, status, source } = incident;
    incident.record(new IncidentCreated({ incidentId, title, severity, status, source }));
    return incident;
  }

  sentToTriage(now: Date): boolean {
    return this.moveFrom(['open'], 'triaging', now);
  }

  triageStayedBelowThreshold(now: Date): boolean {
    return this.moveFrom(['triaging'], 'open', now);
  }

  /** By triage or by a person, who may start from open: the incident passes through triage then. */
  investigationStarted(now: Date): boolean {
    this.sentToTriage(now);
    return this.moveFrom(['triaging', 'awaiting_approval'], 'investigating', now);
  }

  /**
   * A run that finds no cause keeps the cause of an earlier run, unless it rules out that very cause. After the incident has
   * ended, a run may only add a missing cause or replace the cause with a more confident one.
   */
  concluded({ rootCause, confidence, recommendedActions, ruledOut }: Conclusion, now: Date): void {
    const { status, rootCause: known } = this;
    if (known !== null && rootCause === null && !ruledOut.includes(known)) return;
    if (status === 'resolved' || status === 'closed') {
      if (rootCause === null || (known !== null && confidence <= (this.confidence ?? 0))) return;
    }
    this.rootCause = rootCause;
    this.confidence = confidence;
    this.recommendedActions = recommendedActions;
    this.updatedAt = now;
  }

  investigationEndedWithoutProposal(now: Date): boolean {
    return this.moveFrom(['investigating'], 'open', now);
  }

  /** A plan was proposed, or an expired one was proposed again. */
  approvalRequested(now: Date): boolean {
    return this.moveFrom(['investigating', 'open'], 'awaiting_approval', now);
  }

  proposalsSettledWithoutApproval(now: Date): boolean {
    return this.moveFrom(['awaiting_approval'], 'open', now);
  }

  /** From open: a plan resumes after a step with unknown outcome, or was approved while another plan failed. */
  executionStarted(now: Date): boolean {
    return this.moveFrom(['awaiting_approval', 'open'], 'remediating', now);
  }

  remediationVerified(now: Date): boolean {
    return this.moveFrom(['remediating'], 'resolved', now);
  }

  remediationFailed(now: Date): boolean {
    return this.moveFrom(['remediating'], 'open', now);
  }

  /** The source of the alert reports that it is resolved. */
  resolvedBySource(now: Date): boolean {
    const active = INCIDENT_STATUSES.filter((status) => MANUAL_TRANSITIONS[status].includes('resolved'));
    return this.moveFrom(active, 'resolved', now);
  }

  /** @throws Refusal `invalid_transition` that names from, to and what is allowed */
  setStatusManually(to: IncidentStatus, now: Date): void {
    const allowed = MANUAL_TRANSITIONS[this.status];
    if (!allowed.includes(to)) throw invalidTransition(this.status, to, allowed);
    this.moveTo(to, now);
  }

  setSeverityManually(to: Severity, now: Date): void {
    if (to === this.severity) return;
    const { incidentId, severity: previousSeverity } = this;
    this.severity = to;
    this.updatedAt = now;
    this.record(new IncidentSeverityChanged({ incidentId, previousSeverity, newSeverity: to }));
  }

  private moveFrom(legal: readonly IncidentStatus[], to: IncidentStatus, now: Date): boolean {
    if (!legal.includes(this.status)) return false;
    this.moveTo(to, now);
    return true;
  }

  private moveTo(newStatus: IncidentStatus, now: Date): void {
    const { incidentId, status: previousStatus } = this;
    this.status = newStatus;
    this.updatedAt = now;
    if (newStatus === 'resolved') this.resolvedAt = now;
    if (newStatus === 'open') this.resolvedAt = null;
    this.record(new IncidentStatusChanged({ incidentId, previousStatus, newStatus }));
  }
}
