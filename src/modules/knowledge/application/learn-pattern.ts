import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type Lesson, Pattern } from '../domain/pattern.js';
import { PatternIndex, PatternStore, Sightings } from '../domain/patterns.js';
import { ComparePatterns } from './compare-patterns.js';

/**
 * Keeps what an incident taught. `knowledge.pattern_extracted` says that a new pattern came to be: an incident that
 * resembles a kept one, even an archived one, is counted there and publishes nothing.
 */
@Injectable()
export class LearnPattern {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly patterns: PatternStore,
    private readonly index: PatternIndex,
    private readonly sightings: Sightings,
    private readonly comparePatterns: ComparePatterns,
  ) {}

  async execute(tenantId: TenantId, lesson: Lesson, now: Date): Promise<void> {
    const { incidentId } = lesson;
    await this.unitOfWork.run(tenantId, async () => {
      await this.sightings.oneAtATime(tenantId);
      // Reopened and resolved again, it is still one occurrence.
      if (await this.sightings.patternOf(tenantId, incidentId)) return;
      const [best] = await this.comparePatterns.execute(tenantId, lesson.alert);
      const patternId = best ? best.pattern.patternId : await this.keepNew(tenantId, lesson, now);
      await this.sightings.record(tenantId, incidentId, patternId);
      const waiting = await this.sightings.takeWaitingFeedback(tenantId, incidentId, patternId);
      await this.patterns.change(tenantId, patternId, (pattern) => {
        if (best) pattern.seenAgain(lesson.fix, now);
        for (const type of waiting) pattern.judged(type);
      });
    });
  }

  private async keepNew(tenantId: TenantId, lesson: Lesson, now: Date): Promise<string> {
    const pattern = Pattern.learn(tenantId, lesson, now);
    await this.patterns.add(pattern);
    await this.index.add(pattern);
    return pattern.patternId;
  }
}
