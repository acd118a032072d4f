import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { AlertText } from './similarity.js';
import type { FeedbackType, Pattern, PatternStatus } from './pattern.js';

export abstract class PatternStore extends Store<Pattern> {}

export interface PatternFilter {
  readonly status?: PatternStatus;
  readonly minConfidence?: number;
}

/** Finds patterns by more than their id. */
export abstract class PatternIndex {
  /** Makes a new pattern findable by the words of its alert, in the transaction that stores it. */
  abstract add(pattern: Pattern): Promise<void>;

  /** Patterns that share words with an alert and do not speak of another service; a bounded number, most shared first. */
  abstract candidates(tenantId: TenantId, alert: AlertText): Promise<Pattern[]>;

  /** Newest first, those older than the pattern `before`. */
  abstract list(
    tenantId: TenantId,
    filter: PatternFilter,
    before: string | undefined,
    limit: number,
  ): Promise<Pattern[]>;
}

export interface Feedback {
  readonly incidentId: string;
  readonly patternId: string | null;
  readonly type: FeedbackType;
  readonly comment: string | null;
  readonly givenBy: string;
  readonly createdAt: Date;
}

/** Remembers which incident showed which pattern, and what people said about it. */
export abstract class Sightings {
  /** Lets one transaction a tenant learn at a time, so that incidents of one kind make one pattern. */
  abstract oneAtATime(tenantId: TenantId): Promise<void>;

  abstract patternOf(tenantId: TenantId, incidentId: string): Promise<string | undefined>;

  abstract record(tenantId: TenantId, incidentId: string, patternId: string): Promise<void>;

  abstract keepFeedback(tenantId: TenantId, feedback: Feedback): Promise<void>;

  /** Hands over what was said about an incident before it had a pattern, oldest first; it is then about this pattern. */
  abstract takeWaitingFeedback(
    tenantId: TenantId,
    incidentId: string,
    patternId: string,
  ): Promise<FeedbackType[]>;
}
