import { readerOf } from '../domain/agents/registry.js';
import type { NewEvidence } from '../domain/evidence/case-file.js';
import type { EvidenceType } from '../domain/evidence/evidence.js';
import type { RemoteDesk } from './desks.js';

interface Head {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly summary: string;
  readonly observedAt: Date;
  readonly query: string;
  /** Who reads it, if not the first agent that reads this type. */
  readonly agentName?: string;
}

/** Puts a piece on the desk whose rows are kept with the run. */
export async function keptPiece(desk: RemoteDesk, head: Head, rows: readonly object[]): Promise<NewEvidence> {
  const { evidenceId, type, source, observedAt, agentName = readerOf(type) ?? '' } = head;
  const piece = { evidenceId, type, source, observedAt: observedAt.getTime() };
  // Their times become text, as in all rows that come from outside.
  const added = desk.add(piece, JSON.stringify(rows));
  const [{ content, contentHash, kept }] = await Promise.all([desk.piece(evidenceId, true), added]);
  return { ...head, agentName, content, contentHash, origin: 'file', rows: kept };
}
