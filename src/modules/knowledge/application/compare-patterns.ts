import { setImmediate as aTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AlertText, SAME_TROUBLE, similarityTo } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { PatternIndex } from '../domain/patterns.js';

export interface Resemblance {
  readonly pattern: Pattern;
  /** 0.85..1 */
  readonly similarity: number;
}

/** Characters, which take some milliseconds to compare. Of many long texts whoever else waits gets turns in between. */
const LONGEST_STRETCH = 50_000;

/** Compares an alert with what is known. */
@Injectable()
export class ComparePatterns {
  constructor(private readonly index: PatternIndex) {}

  /** The patterns of the same trouble, in whatever status, best first; of equals the older one. */
  async execute(tenantId: TenantId, alert: AlertText): Promise<Resemblance[]> {
    const candidates = await this.index.candidates(tenantId, alert);
    const likeness = similarityTo(alert);
    const resembling: Resemblance[] = [];
    let read = 0;
    for (const pattern of candidates) {
      const similarity = likeness(pattern.alert);
      if (similarity >= SAME_TROUBLE) resembling.push({ pattern, similarity });
      read += pattern.alertTitle.length + pattern.alertDescription.length;
      if (read >= LONGEST_STRETCH) {
        await aTurn();
        read = 0;
      }
    }
    return resembling.sort(
      (a, b) => b.similarity - a.similarity || (a.pattern.patternId < b.pattern.patternId ? -1 : 1),
    );
  }
}
