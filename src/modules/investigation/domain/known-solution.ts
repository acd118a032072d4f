/** A kept pattern that the alert resembles closely enough to ask a person whether it is the same trouble. */
export interface KnownSolution {
  readonly patternId: string;
  readonly title: string;
  readonly rootCause: string | null;
  readonly runbookUrl: string | null;
  /** 0..1, how alike the alert and the pattern are. */
  readonly similarity: number;
  /** The id under which this run recorded the pattern. */
  readonly evidenceId: string;
  /** What a person made of it. */
  readonly decision: 'undecided' | 'accepted' | 'dismissed';
}
