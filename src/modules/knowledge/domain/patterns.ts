import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { AlertText } from './similarity.js';
import type { FeedbackType, Pattern, PatternStatus } from './pattern.js';

export abstract class PatternStore extends Store<Pattern> {}

export interface PatternFilter {
  readonly status?: PatternStatus;
  readonly minConfidence?: number;
}

export abstract class PatternIndex {
  /** Indexes a new pattern by the words of its alert. Joins the transaction that stores it. */
  abstract add(pattern: Pattern): Promise<void>;

  /** Patterns that share words with an alert and do not name another service: most shared words first, bounded. */
  abstract candidates(tenantId: TenantId, alert: AlertText): Promise<Pattern[]>;

  /** Patterns older than `before`, newest first. */
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

/** Which incident matched which pattern, and the feedback of people. */
export abstract class Sightings {
  /** Serialises learning per tenant until the transaction ends, so that similar incidents make one pattern. */
  abstract lock(tenantId: TenantId): Promise<void>;

  abstract patternOf(tenantId: TenantId, incidentId: string): Promise<string | undefined>;

  abstract record(tenantId: TenantId, incidentId: string, patternId: string): Promise<void>;

  abstract saveFeedback(tenantId: TenantId, feedback: Feedback): Promise<void>;

  /** Assigns feedback given before the incident had a pattern to this pattern, and returns it, oldest first. */
  abstract claimPendingFeedback(
    tenantId: TenantId,
    incidentId: string,
    patternId: string,
  ): Promise<FeedbackType[]>;
}
