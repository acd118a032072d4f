import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { FeedbackType } from '../domain/pattern.js';
import { type Feedback, PatternStore, Sightings } from '../domain/patterns.js';

interface GivenFeedback {
  readonly incidentId: string;
  readonly patternId?: string | null;
  readonly type: FeedbackType;
  readonly comment?: string | null;
}

/** Takes a person's word on a pattern: the one she names, or the one that the incident showed. */
@Injectable()
export class GiveFeedback {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
    private readonly patterns: PatternStore,
    private readonly sightings: Sightings,
    private readonly clock: Clock,
  ) {}

  /**
   * Feedback on an incident that has no pattern yet waits for it. Each one counts, the same person's second too: who is on
   * call alone has nobody else to ask, and what is stable may do no more than what is emerging.
   * @throws Refusal `not_found`
   */
  async execute(tenantId: TenantId, givenBy: string, given: GivenFeedback): Promise<Feedback> {
    const { incidentId, type, comment = null } = given;
    if (!(await this.incidents.find(tenantId, incidentId))) throw notFound('incident');
    return this.unitOfWork.run(tenantId, async () => {
      await this.sightings.oneAtATime(tenantId);
      const patternId = given.patternId ?? (await this.sightings.patternOf(tenantId, incidentId)) ?? null;
      if (patternId !== null)
        await this.patterns.change(tenantId, patternId, (pattern) => pattern.judged(type));
      const feedback = { incidentId, patternId, type, comment, givenBy, createdAt: this.clock.now() };
      await this.sightings.keepFeedback(tenantId, feedback);
      return feedback;
    });
  }
}
