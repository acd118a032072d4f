import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AlertText, MATCH_THRESHOLD, similarityTo } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { PatternIndex } from '../domain/patterns.js';

export interface ScoredPattern {
  readonly pattern: Pattern;
  /** 0.85..1 */
  readonly similarity: number;
}

/** Takes some milliseconds to compare. After so many characters the event loop gets a turn. */
const CHARS_PER_TURN = 50_000;

/** Compares an alert with the known patterns. */
@Injectable()
export class ComparePatterns {
  constructor(private readonly index: PatternIndex) {}

  /** The patterns above the match threshold, of any status: most similar first, then oldest first. */
  async execute(tenantId: TenantId, alert: AlertText): Promise<ScoredPattern[]> {
    const candidates = await this.index.candidates(tenantId, alert);
    const similarityOf = similarityTo(alert);
    const matches: ScoredPattern[] = [];
    let charsCompared = 0;
    for (const pattern of candidates) {
      const similarity = similarityOf(pattern.alert);
      if (similarity >= MATCH_THRESHOLD) matches.push({ pattern, similarity });
      charsCompared += pattern.alertTitle.length + pattern.alertDescription.length;
      if (charsCompared >= CHARS_PER_TURN) {
        await turn();
        charsCompared = 0;
      }
    }
    return matches.sort(
      (a, b) => b.similarity - a.similarity || (a.pattern.patternId < b.pattern.patternId ? -1 : 1),
    );
  }
}
