/** What a model made of a run: texts that are shown beside the outcome and weigh nothing in it. */
export interface Opinion {
  /** Null where no model was asked. */
  readonly model: string | null;
  readonly explanation: readonly string[];
  readonly hypotheses: readonly string[];
}

export interface ReviewComparison {
  readonly isSame: boolean;
  /** Sentences and hypotheses that only the replayed one holds. */
  readonly added: readonly string[];
  /** Those that only the recorded one holds. */
  readonly dropped: readonly string[];
}

/** What one model said and the other did not. */
export function compareReviews(recorded: Opinion, replayed: Opinion): ReviewComparison {
  const [before, after] = [saidBy(recorded), saidBy(replayed)];
  const added = after.filter((sentence) => !before.includes(sentence));
  const dropped = before.filter((sentence) => !after.includes(sentence));
  return { isSame: added.length === 0 && dropped.length === 0, added, dropped };
}

function saidBy({ explanation, hypotheses }: Opinion): string[] {
  return [...explanation, ...hypotheses];
}
