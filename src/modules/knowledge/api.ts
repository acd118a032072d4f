import type { TenantId } from '#kernel/domain/ids';

/** A failure that was seen, explained and kept. */
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
  /** 0.85..1: how alike the incident and the pattern are. */
  readonly similarity: number;
}

/** The plan that helped the last time. */
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
  /** The best match, when there is one of at least 0.85 that is not archived and not under review. */
  abstract match(tenantId: TenantId, symptoms: Symptoms): Promise<PatternMatch | undefined>;

  abstract find(tenantId: TenantId, patternId: string): Promise<KnownPattern | undefined>;

  /** How alike two alerts of the same trouble are, 0.85..1; undefined for different troubles. Asks no database. */
  abstract sameTrouble(a: Symptoms, b: Symptoms): number | undefined;
}
