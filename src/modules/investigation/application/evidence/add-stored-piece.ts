import { readerOf } from '../../domain/agents/registry.js';
import type { NewEvidence } from '../../domain/run-records.js';
import type { EvidenceType } from '../../domain/evidence/evidence.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';

interface StoredPieceHead {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly summary: string;
  readonly observedAt: Date;
  readonly query: string;
  /** The agent that reads it, if not the first one that reads this type. */
  readonly agentName?: string;
}

/** Adds a piece to the analyser and returns its record, which holds the rows themselves. */
export async function addStoredPiece(
  analyser: RemoteAnalyser,
  head: StoredPieceHead,
  rows: readonly object[],
): Promise<NewEvidence> {
  const { evidenceId, type, source, observedAt, agentName = readerOf(type) ?? '' } = head;
  const piece = { evidenceId, type, source, observedAt: observedAt.getTime() };
  // As JSON, so that dates become text, as in all rows from outside.
  const added = analyser.add(piece, JSON.stringify(rows));
  const [{ content, contentHash, rowsJson }] = await Promise.all([analyser.piece(evidenceId, true), added]);
  return { ...head, agentName, content, contentHash, origin: 'file', rows: rowsJson };
}
