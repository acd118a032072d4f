import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AlertText, SAME_TROUBLE, similarity } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { PatternIndex } from '../domain/patterns.js';

export interface Resemblance {
  readonly pattern: Pattern;
  /** 0.85..1 */
  readonly similarity: number;
}

/** Compares an alert with what is known. */
@Injectable()
export class ComparePatterns {
  constructor(private readonly index: PatternIndex) {}

  /** The patterns of the same trouble, in whatever status, best first; of equals the older one. */
  async execute(tenantId: TenantId, alert: AlertText): Promise<Resemblance[]> {
    const candidates = await this.index.candidates(tenantId, alert);
    return candidates
      .map((pattern) => ({ pattern, similarity: similarity(alert, pattern.alert) }))
      .filter((resemblance) => resemblance.similarity >= SAME_TROUBLE)
      .sort((a, b) => b.similarity - a.similarity || (a.pattern.patternId < b.pattern.patternId ? -1 : 1));
  }
}
