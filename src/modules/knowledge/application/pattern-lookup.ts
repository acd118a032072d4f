import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type KnownPattern, Patterns, type PatternMatch, type Symptoms } from '../api.js';
import { MATCH_THRESHOLD, similarity } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { PatternStore } from '../domain/patterns.js';
import { ComparePatterns } from './compare-patterns.js';

/** Answers the queries of other modules. */
@Injectable()
export class PatternLookup extends Patterns {
  constructor(
    private readonly patterns: PatternStore,
    private readonly comparePatterns: ComparePatterns,
  ) {
    super();
  }

  async match(tenantId: TenantId, symptoms: Symptoms): Promise<PatternMatch | undefined> {
    const matches = await this.comparePatterns.execute(tenantId, symptoms);
    const best = matches.find(({ pattern }) => pattern.isOffered);
    return best && { ...known(best.pattern), similarity: best.similarity };
  }

  async find(tenantId: TenantId, patternId: string): Promise<KnownPattern | undefined> {
    const pattern = await this.patterns.find(tenantId, patternId);
    return pattern && known(pattern);
  }

  matchScore(a: Symptoms, b: Symptoms): number | undefined {
    const score = similarity(a, b);
    return score >= MATCH_THRESHOLD ? score : undefined;
  }
}

function known({ patternId, title, summary, rootCause, fix, runbookUrl }: Pattern): KnownPattern {
  return { patternId, title, summary, rootCause, fix, runbookUrl };
}
