import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import {
  AnyObject,
  Field,
  Fraction,
  IdOf,
  ListOf,
  Moment,
  OneOf,
  Text,
  Texts,
  TextsByName,
  Whole,
} from '#kernel/http/fields';
import { PageQuery } from '#kernel/http/page';
import { INCIDENT_SOURCES, INCIDENT_STATUSES, type IncidentSource, type IncidentStatus } from '../events.js';

export const INCIDENT_SORTS = ['createdAt', 'updatedAt'] as const;

export class ListIncidentsQuery extends PageQuery {
  @OneOf(INCIDENT_STATUSES, { optional: true }) status?: IncidentStatus;
  @OneOf(SEVERITIES, { optional: true }) severity?: Severity;
  @Text({ max: 200, optional: true }) service?: string;
  @Text({ max: 200, optional: true }) environment?: string;
  @OneOf(INCIDENT_SOURCES, { optional: true }) source?: IncidentSource;
  @Text({ max: 500, optional: true, summary: 'Search in title and description' }) q?: string;
  @Moment({ optional: true, summary: 'Created at or after' }) from?: string;
  @Moment({ optional: true, summary: 'Created before' }) to?: string;
  @OneOf(INCIDENT_SORTS, { optional: true, default: 'createdAt' })
  sort: (typeof INCIDENT_SORTS)[number] = 'createdAt';
  @OneOf(['asc', 'desc'], { optional: true, default: 'desc' }) order: 'asc' | 'desc' = 'desc';
}

export class CreateIncidentBody {
  @Text({ max: 500, example: 'Checkout is slow for EU customers' }) title!: string;
  @Text({ max: 20_000, example: 'Support reports page loads of ten seconds and more.' }) description!: string;
  @OneOf(SEVERITIES, { optional: true, default: 'medium' }) severity?: Severity;
  @Text({ max: 200, optional: true, example: 'checkout' }) service?: string;
  @Text({ max: 200, optional: true, example: 'production' }) environment?: string;
  @TextsByName({ optional: true, summary: 'At most 64 texts by name', example: { team: 'payments' } })
  tags?: Record<string, unknown>;
  @AnyObject({ optional: true, summary: 'Any JSON object of at most 256 KiB' })
  metadata?: Record<string, unknown>;
}

export class ChangeIncidentBody {
  @OneOf(INCIDENT_STATUSES, {
    optional: true,
    summary: 'A person may set open, resolved and closed; any other status is refused with 409',
  })
  status?: IncidentStatus;
  @OneOf(SEVERITIES, { optional: true }) severity?: Severity;
}

export class IncidentView {
  @IdOf('inc') incidentId!: string;
  @Text({ max: 500, example: 'Checkout is slow for EU customers' }) title!: string;
  @Text({ max: 20_000, example: 'Page loads of ten seconds and more.' }) description!: string;
  @OneOf(SEVERITIES) severity!: Severity;
  @OneOf(INCIDENT_STATUSES) status!: IncidentStatus;
  @OneOf(INCIDENT_SOURCES) source!: IncidentSource;
  @Text({ max: 64, nullable: true, example: 'custom' }) provider!: string | null;
  @Text({ max: 512, nullable: true }) sourceAlertId!: string | null;
  @Text({ max: 200, nullable: true, example: 'checkout' }) service!: string | null;
  @Text({ max: 200, nullable: true, example: 'production' }) environment!: string | null;
  @TextsByName() tags!: Readonly<Record<string, string>>;
  @AnyObject() metadata!: Readonly<Record<string, unknown>>;
  @Text({
    max: 4000,
    nullable: true,
    summary:
      'Of the latest run that found one. A later run that finds none keeps it, unless it rules out that very cause. After ' +
      'the incident is resolved or closed, a run may only add a missing cause or one with higher confidence',
  })
  rootCause!: string | null;
  @Fraction({ nullable: true }) confidence!: number | null;
  @Texts({ example: ['Roll back deploy v42'] }) recommendedActions!: readonly string[];
  @Whole({ summary: 'Alerts of this incident, including duplicates' }) alertCount!: number;
  @Moment() createdAt!: string;
  @Moment() updatedAt!: string;
  @Moment({ nullable: true }) resolvedAt!: string | null;
}

export class IncidentPage {
  @ListOf(() => IncidentView) items!: readonly IncidentView[];
  @Text({
    max: 2048,
    nullable: true,
    summary: 'Pass it as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}

export class TimelineEntry {
  @IdOf('evt') id!: string;
  @Text({ max: 100, example: 'incident.status_changed' }) event!: string;
  @Moment() timestamp!: string;
  @Field({ type: 'string', nullable: true, summary: 'The user or API key; null for the system' })
  actor!: string | null;
  @AnyObject() data!: Record<string, unknown>;
}

export class TimelinePage {
  @ListOf(() => TimelineEntry) items!: readonly TimelineEntry[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}

export class AlertView {
  @Text({ max: 64, example: 'custom' }) provider!: string;
  @Text({ max: 512, nullable: true }) sourceAlertId!: string | null;
  @Whole({ summary: 'Number of duplicates' }) duplicates!: number;
  @Moment() receivedAt!: string;
  @Moment() lastSeenAt!: string;
  @Text({
    max: 2_000_000,
    min: 0,
    summary: 'The body as it was sent; invalid UTF-8 becomes U+FFFD',
    example: '{"title":"…"}',
  })
  raw!: string;
}

export class AlertPage {
  @ListOf(() => AlertView) items!: readonly AlertView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}
