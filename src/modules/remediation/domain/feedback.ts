import { words } from '#kernel/domain/words';

export const FEEDBACK_OUTCOMES = words('FeedbackOutcome', ['resolved', 'partial', 'no_effect', 'made_worse']);

/** A person's feedback on an executed plan. */
export interface Feedback {
  readonly userId: string;
  readonly outcome: (typeof FEEDBACK_OUTCOMES)[number];
  readonly rating: number;
  readonly comment: string | null;
  readonly at: string;
}
