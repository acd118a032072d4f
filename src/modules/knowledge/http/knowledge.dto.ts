import {
  AnyObject,
  Field,
  Fraction,
  IdOf,
  ListOf,
  Moment,
  ObjectOf,
  OneOf,
  Text,
  Texts,
  Whole,
} from '#kernel/http/fields';
import { Link } from '#kernel/http/link';
import { PageQuery } from '#kernel/http/page';
import type { ScoredPattern } from '../application/compare-patterns.js';
import {
  FEEDBACK_TYPES,
  type FeedbackType,
  type Pattern,
  PATTERN_STATUSES,
  type PatternStatus,
} from '../domain/pattern.js';
import type { Feedback } from '../domain/patterns.js';

class PatternFixStep {
  @Text({ max: 100, example: 'rollback_deployment' }) action!: string;
  @Text({ max: 2000, example: 'Roll payment-service back to v41' }) description!: string;
  @AnyObject({ example: { service: 'payment-service', version: 'v41' } }) params!: Record<string, unknown>;
}

export class PatternFix {
  @Text({ max: 500, example: 'Roll back payment-service' }) title!: string;
  @ListOf(() => PatternFixStep, { max: 50 }) steps!: PatternFixStep[];
}

export class PatternView {
  @IdOf('ptn') patternId!: string;
  @Text({ max: 500, example: 'Payment processor pool exhaustion' }) title!: string;
  @Text({ max: 4000, example: 'Deploy v42 lowered the pool — resolved by: Roll back' }) summary!: string;
  @Text({ max: 200, nullable: true, example: 'payment-service' }) service!: string | null;
  @Texts({ summary: 'Words of the alert, most specific first', example: ['pool', 'payment', 'exhausted'] })
  symptoms!: readonly string[];
  @Text({ max: 4000, example: 'Deploy v42 lowered the connection pool to 5' }) rootCause!: string;
  @ObjectOf(() => PatternFix, {
    nullable: true,
    summary: 'The plan that resolved the incident; null when none was executed',
  })
  fix!: PatternFix | null;
  @Text({
    max: 2000,
    nullable: true,
    format: 'uri',
    example: 'https://wiki.example.com/runbooks/payment-pool',
  })
  runbookUrl!: string | null;
  @Fraction({
    example: 0.5,
    summary:
      'Starts at 0.50; each confirmation adds 0.10, each contradiction subtracts 0.15. Below 0.20 the pattern goes to review',
  })
  confidence!: number;
  @Whole({ min: 1, example: 1, summary: 'How many resolved incidents matched it' }) occurrences!: number;
  @Whole({ example: 0 }) confirmations!: number;
  @OneOf(PATTERN_STATUSES, {
    example: 'emerging',
    summary:
      'stable from a confidence of 0.80 and three confirmations; in review or archived it is not offered',
  })
  status!: PatternStatus;
  @Moment() createdAt!: string;
  @Moment() lastSeenAt!: string;
}

export class PatternPage {
  @ListOf(() => PatternView) items!: PatternView[];
  @Field({ type: 'string', nullable: true, summary: 'null on the last page' }) nextCursor!: string | null;
}

export class PatternQuery extends PageQuery {
  @OneOf(PATTERN_STATUSES, { optional: true }) status?: PatternStatus;
  @Fraction({ inQuery: true, optional: true }) minConfidence?: number;
}

export class PatternChange {
  @Text({ max: 500, optional: true, example: 'Pool exhausted' }) title?: string;
  @Text({ max: 4000, optional: true, example: 'The pool is too small for v42' }) summary?: string;
  @Text({ max: 4000, optional: true, example: 'Deploy v42 lowered the connection pool to 5' })
  rootCause?: string;
  @ObjectOf(() => PatternFix, { optional: true, nullable: true }) fix?: PatternFix | null;
  @Link({ optional: true, nullable: true }) runbookUrl?: string | null;
  @OneOf(PATTERN_STATUSES, {
    optional: true,
    summary: 'Holds until the next feedback; review and archived hold until changed',
  })
  status?: PatternStatus;
}

export class SymptomsBody {
  @Text({ max: 500, example: 'High error rate on payment-service' }) title!: string;
  @Text({ max: 20_000, example: '5xx error rate exceeded 5% for 3 consecutive minutes.' })
  description!: string;
  @Text({ max: 200, optional: true, nullable: true, example: 'payment-service' }) service?: string | null;
}

class SimilarPattern extends PatternView {
  @Fraction({ min: 0.85, example: 0.93, summary: 'The similarity of the alerts' }) similarity!: number;
}

export class SimilarPatterns {
  @ListOf(() => SimilarPattern, { summary: 'Most similar first; empty when there is no match' })
  items!: SimilarPattern[];
}

export class PatternFeedbackBody {
  @IdOf('inc') incidentId!: string;
  @IdOf('ptn', { optional: true, nullable: true, summary: 'The pattern of the incident when omitted' })
  patternId?: string | null;
  @OneOf(FEEDBACK_TYPES, { example: 'confirm_rca' }) type!: FeedbackType;
  @Text({
    max: 2000,
    optional: true,
    nullable: true,
    summary: 'What was wrong, or what the cause was instead',
  })
  comment?: string | null;
}

export class PatternFeedbackView {
  @IdOf('inc') incidentId!: string;
  @IdOf('ptn', {
    nullable: true,
    summary: 'null while the incident has no pattern; the feedback counts once it has',
  })
  patternId!: string | null;
  @OneOf(FEEDBACK_TYPES, { example: 'confirm_rca' }) type!: FeedbackType;
  @Text({ max: 2000, nullable: true }) comment!: string | null;
  @IdOf('user') givenBy!: string;
  @Moment() createdAt!: string;
}

export function patternView(pattern: Pattern): PatternView {
  const { patternId, title, summary, service, symptoms, rootCause, fix, runbookUrl } = pattern;
  const { confidence, occurrences, confirmations, status, createdAt, lastSeenAt } = pattern;
  return {
    patternId, title, summary, service, symptoms, rootCause, fix: fix && { title: fix.title, steps: [...fix.steps] },
    runbookUrl, confidence, occurrences, confirmations, status,
    createdAt: createdAt.toISOString(), lastSeenAt: lastSeenAt.toISOString(),
  }; // prettier-ignore
}

export function similarView({ pattern, similarity }: ScoredPattern): SimilarPattern {
  return Object.assign(patternView(pattern), { similarity });
}

export function feedbackView({ createdAt, ...feedback }: Feedback): PatternFeedbackView {
  return { ...feedback, createdAt: createdAt.toISOString() };
}
