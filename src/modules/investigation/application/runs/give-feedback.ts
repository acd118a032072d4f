import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { alreadyRated, notEnded } from '../../domain/errors.js';
import { Runs } from '../../domain/runs.js';

export interface NewFeedback {
  readonly rating: number;
  readonly rootCauseAccurate: boolean;
  readonly correctedRootCause?: string;
  readonly comment?: string;
}

export interface Feedback {
  readonly incidentId: string;
  readonly investigationId: string;
  readonly userId: string;
  readonly rating: number;
  readonly rootCauseAccurate: boolean;
  readonly correctedRootCause: string | null;
  readonly comment: string | null;
  readonly givenAt: Date;
}

/** Stores a person's rating of the latest run. Each person can rate a run once. */
@Injectable()
export class GiveFeedback {
  constructor(
    private readonly runs: Runs,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` while the run is under way, or `already_exists` */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    userId: string,
    given: NewFeedback,
  ): Promise<Feedback> {
    const run = await this.runs.latest(tenantId, incidentId);
    if (!run) throw notFound('investigation');
    if (run.isUnderWay) throw notEnded();
    const feedback: Feedback = {
      incidentId,
      investigationId: run.investigationId,
      userId,
      rating: given.rating,
      rootCauseAccurate: given.rootCauseAccurate,
      correctedRootCause: given.correctedRootCause ?? null,
      comment: given.comment ?? null,
      givenAt: this.clock.now(),
    };
    const stored = await this.unitOfWork.query(
      tenantId,
      `INSERT INTO investigation_feedback (tenant_id, investigation_id, user_id, rating, root_cause_accurate,
         corrected_root_cause, comment, given_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING user_id`,
      [
        tenantId,
        feedback.investigationId,
        userId,
        feedback.rating,
        feedback.rootCauseAccurate,
        feedback.correctedRootCause,
        feedback.comment,
        feedback.givenAt,
      ],
    );
    if (stored.length === 0) throw alreadyRated();
    return feedback;
  }
}
