import type { NewEvidence } from '../domain/evidence/case-file.js';

/** What came of one place where evidence may be: it lies on the desk, and its records are for the file. */
export interface FoundEvidence {
  readonly records: readonly NewEvidence[];
  /** What was not told or could not be read, as sentences. */
  readonly unread: readonly string[];
}
