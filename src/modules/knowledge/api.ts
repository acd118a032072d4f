import type { TenantId } from '#kernel/domain/ids';

/** A failure learned from a resolved incident. */
export interface KnownPattern {
  readonly patternId: string;
  readonly title: string;
  readonly summary: string;
  readonly rootCause: string;
  readonly fix: Fix | null;
  readonly runbookUrl: string | null;
}

/** A pattern that an incident resembles. */
export interface PatternMatch extends KnownPattern {
  /** 0.85..1 */
  readonly similarity: number;
}

/** The plan that resolved the incident. */
export interface Fix {
  readonly title: string;
  readonly steps: readonly {
    readonly action: string;
    readonly description: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
}

export interface Symptoms {
  readonly title: string;
  readonly description: string;
  readonly service: string | null;
}

export abstract class Patterns {
  /** The best match with a similarity of at least 0.85 that is neither archived nor under review. */
  abstract match(tenantId: TenantId, symptoms: Symptoms): Promise<PatternMatch | undefined>;

  abstract find(tenantId: TenantId, patternId: string): Promise<KnownPattern | undefined>;

  /** The similarity of two alerts, 0.85..1; undefined when it is below 0.85. Needs no database. */
  abstract matchScore(a: Symptoms, b: Symptoms): number | undefined;
}
