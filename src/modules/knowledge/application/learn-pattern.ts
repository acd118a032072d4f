import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type Lesson, Pattern } from '../domain/pattern.js';
import { PatternIndex, PatternStore, Sightings } from '../domain/patterns.js';
import { ComparePatterns } from './compare-patterns.js';

/**
 * Learns from a resolved incident. `knowledge.pattern_extracted` is published for a new pattern only: an incident that matches
 * an existing one, even an archived one, counts as its occurrence.
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
      await this.sightings.lock(tenantId);
      // An incident that was reopened and resolved again still counts once.
      if (await this.sightings.patternOf(tenantId, incidentId)) return;
      const [best] = await this.comparePatterns.execute(tenantId, lesson.alert);
      const patternId = best ? best.pattern.patternId : await this.addPattern(tenantId, lesson, now);
      await this.sightings.record(tenantId, incidentId, patternId);
      const pending = await this.sightings.claimPendingFeedback(tenantId, incidentId, patternId);
      await this.patterns.change(tenantId, patternId, (pattern) => {
        if (best) pattern.recordOccurrence(lesson.fix, now);
        for (const type of pending) pattern.applyFeedback(type);
      });
    });
  }

  private async addPattern(tenantId: TenantId, lesson: Lesson, now: Date): Promise<string> {
    const pattern = Pattern.learn(tenantId, lesson, now);
    await this.patterns.add(pattern);
    await this.index.add(pattern);
    return pattern.patternId;
  }
}
