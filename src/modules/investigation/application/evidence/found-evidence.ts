import type { NewEvidence } from '../../domain/run-records.js';

/** The result of reading one source. The rows are in the analyser already; `records` are to be stored. */
export interface FoundEvidence {
  readonly records: readonly NewEvidence[];
  /** What the source did not return or could not be parsed, as sentences for `missingEvidence`. */
  readonly unread: readonly string[];
}
