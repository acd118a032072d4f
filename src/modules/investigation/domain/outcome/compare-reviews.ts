/** A model's review of a run: texts that are shown beside the outcome and do not influence it. */
export interface Opinion {
  /** Null when no model reviewed the run. */
  readonly model: string | null;
  readonly explanation: readonly string[];
  readonly hypotheses: readonly string[];
}

export interface ReviewComparison {
  readonly isSame: boolean;
  /** Sentences and hypotheses of the replayed review only. */
  readonly added: readonly string[];
  /** Those of the recorded review only. */
  readonly dropped: readonly string[];
}

/** Compares two reviews sentence by sentence; the model's name does not matter. */
export function compareReviews(recorded: Opinion, replayed: Opinion): ReviewComparison {
  const [before, after] = [sentencesOf(recorded), sentencesOf(replayed)];
  const added = after.filter((sentence) => !before.includes(sentence));
  const dropped = before.filter((sentence) => !after.includes(sentence));
  return { isSame: added.length === 0 && dropped.length === 0, added, dropped };
}

function sentencesOf({ explanation, hypotheses }: Opinion): string[] {
  return [...explanation, ...hypotheses];
}
