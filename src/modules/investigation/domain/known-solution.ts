/** A stored pattern similar enough to the alert to ask a person whether it is the same problem. */
export interface KnownSolution {
  readonly patternId: string;
  readonly title: string;
  readonly rootCause: string | null;
  readonly runbookUrl: string | null;
  /** 0..1, similarity of the alert and the pattern. */
  readonly similarity: number;
  /** The id of the evidence record by which this run cites the pattern. */
  readonly evidenceId: string;
  /** A person's decision. */
  readonly decision: 'undecided' | 'accepted' | 'dismissed';
}
