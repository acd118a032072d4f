/** What an alert says, as far as likeness goes. */
export interface AlertText {
  readonly title: string;
  readonly description: string;
  readonly service: string | null;
}

/** A failure that was seen, explained and kept. */
export interface KnownPattern {
  readonly patternId: string;
  readonly title: string;
  /** The alerts it was learned from; an incident matches when it resembles one of them. */
  readonly alerts: readonly AlertText[];
  readonly rootCause: string | null;
  readonly fix: string | null;
  readonly runbookUrl: string | null;
  /** The id under which this run recorded the pattern. */
  readonly evidenceId: string;
}

export interface PatternDecision {
  readonly patternId: string;
  readonly decision: 'accepted' | 'dismissed';
}
