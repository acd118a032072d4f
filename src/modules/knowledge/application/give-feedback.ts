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

/** Records a person's feedback on a pattern: the one they name, or the one that the incident matched. */
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
   * Feedback on an incident without a pattern is kept until there is one. Repeated feedback of the same person counts, too: a
   * person may be on call alone, and a stable pattern has no more effect than an emerging one.
   * @throws Refusal `not_found`
   */
  async execute(tenantId: TenantId, givenBy: string, given: GivenFeedback): Promise<Feedback> {
    const { incidentId, type, comment = null } = given;
    if (!(await this.incidents.find(tenantId, incidentId))) throw notFound('incident');
    return this.unitOfWork.run(tenantId, async () => {
      await this.sightings.lock(tenantId);
      const patternId = given.patternId ?? (await this.sightings.patternOf(tenantId, incidentId)) ?? null;
      if (patternId !== null)
        await this.patterns.change(tenantId, patternId, (pattern) => pattern.applyFeedback(type));
      const feedback = { incidentId, patternId, type, comment, givenBy, createdAt: this.clock.now() };
      await this.sightings.saveFeedback(tenantId, feedback);
      return feedback;
    });
  }
}
