import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { PatternExtracted } from '../events.js';
import { type AlertText, keywords } from './similarity.js';

export const PATTERN_STATUSES = words('PatternStatus', ['emerging', 'stable', 'review', 'archived']);
export type PatternStatus = (typeof PATTERN_STATUSES)[number];

export const FEEDBACK_TYPES = words('FeedbackType', [
  'confirm_rca',
  'reject_rca',
  'correct_rca',
  'confirm_fix',
  'reject_fix',
]);
export type FeedbackType = (typeof FEEDBACK_TYPES)[number];

/** The plan that resolved the incident. */
export interface Fix {
  readonly title: string;
  readonly steps: readonly FixStep[];
}

export interface FixStep {
  readonly action: string;
  readonly description: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What is learned from a resolved incident. */
export interface Lesson {
  readonly incidentId: string;
  readonly alert: AlertText;
  readonly rootCause: string;
  readonly fix: Fix | null;
}

export interface PatternEdit {
  readonly title?: string;
  readonly summary?: string;
  readonly rootCause?: string;
  readonly fix?: Fix | null;
  readonly runbookUrl?: string | null;
  readonly status?: PatternStatus;
}

const FIRST_CONFIDENCE = 0.5;
/** Three confirmations make a new pattern stable, three contradictions send it to review. */
const CONFIRMED = 0.1;
const CONTRADICTED = -0.15;
const STABLE_FROM = 0.8;
const STABLE_CONFIRMATIONS = 3;
const REVIEW_BELOW = 0.2;

const MAX_SYMPTOMS = 20;
const MAX_SUMMARY_LENGTH = 4_000;

/** A failure learned from a resolved incident. Matched by the text of the original alert, whatever its title is now. */
export class Pattern extends Aggregate {
  readonly patternId!: string;
  title!: string;
  summary!: string;
  readonly service!: string | null;
  readonly symptoms!: readonly string[];
  rootCause!: string;
  fix: Fix | null = null;
  runbookUrl: string | null = null;
  confidence = FIRST_CONFIDENCE;
  occurrences = 1;
  confirmations = 0;
  status: PatternStatus = 'emerging';
  readonly alertTitle!: string;
  readonly alertDescription!: string;
  readonly version: number = 1;
  readonly createdAt!: Date;
  lastSeenAt!: Date;

  private constructor() {
    super();
  }

  /** To be called for an incident that matches no pattern. */
  static learn(tenantId: TenantId, { incidentId, alert, rootCause, fix }: Lesson, now: Date): Pattern {
    const pattern = Object.assign(new Pattern(), {
      tenantId,
      patternId: newId('ptn'),
      title: alert.title,
      summary: summaryOf(rootCause, fix),
      service: alert.service,
      symptoms: symptomsOf(alert),
      rootCause,
      fix,
      alertTitle: alert.title,
      alertDescription: alert.description,
      createdAt: now,
      lastSeenAt: now,
    });
    const { patternId, summary } = pattern;
    pattern.record(new PatternExtracted({ patternId, incidentId, summary }));
    return pattern;
  }

  /** The text that an incident is compared with. */
  get alert(): AlertText {
    return { title: this.alertTitle, description: this.alertDescription, service: this.service };
  }

  /** Whether it is offered as the known solution of matching incidents. */
  get isOffered(): boolean {
    return this.status === 'emerging' || this.status === 'stable';
  }

  /** Counts another matching incident. Its fix is adopted only where there was none. */
  recordOccurrence(fix: Fix | null, now: Date): void {
    this.occurrences += 1;
    this.lastSeenAt = now;
    this.fix ??= fix;
  }

  /**
   * A confirmation adds 0.10 and a contradiction subtracts 0.15, within 0..1. From 0.80 and three confirmations on the
   * pattern is stable; below 0.20 it goes to review. Only an edit brings a pattern back from review or archive.
   */
  applyFeedback(type: FeedbackType): void {
    const confirmed = type === 'confirm_rca' || type === 'confirm_fix';
    const confidence = this.confidence + (confirmed ? CONFIRMED : CONTRADICTED);
    // Rounded to hundredths: 0.5 + 3 × 0.1 must reach exactly 0.80.
    this.confidence = Math.round(Math.min(1, Math.max(0, confidence)) * 100) / 100;
    if (confirmed) this.confirmations += 1;
    if (this.isOffered) this.status = this.earnedStatus;
  }

  /** Omitted fields stay. A status set by hand holds until the next feedback. */
  edit({ title, summary, rootCause, status, fix, runbookUrl }: PatternEdit): void {
    this.title = title ?? this.title;
    this.summary = summary ?? this.summary;
    this.rootCause = rootCause ?? this.rootCause;
    this.status = status ?? this.status;
    if (fix !== undefined) this.fix = fix;
    if (runbookUrl !== undefined) this.runbookUrl = runbookUrl;
  }

  private get earnedStatus(): PatternStatus {
    if (this.confidence < REVIEW_BELOW) return 'review';
    const stable = this.confidence >= STABLE_FROM && this.confirmations >= STABLE_CONFIRMATIONS;
    return stable ? 'stable' : 'emerging';
  }
}

function summaryOf(rootCause: string, fix: Fix | null): string {
  const summary = fix ? `${rootCause} — resolved by: ${fix.title}` : rootCause;
  // Cut by code points, since a lone surrogate cannot be stored.
  return summary.length <= MAX_SUMMARY_LENGTH
    ? summary
    : Array.from(rootCause).slice(0, MAX_SUMMARY_LENGTH).join('');
}

/** Words of the title come first: they are the most specific. */
function symptomsOf({ title, description }: AlertText): string[] {
  return [...new Set([...keywords(title), ...keywords(description)])].slice(0, MAX_SYMPTOMS);
}
