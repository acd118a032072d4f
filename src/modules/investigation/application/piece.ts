import { sha256Hex } from '#kernel/crypto/secrets';
import { readerOf } from '../domain/agents/registry.js';
import type { EvidenceRecord } from '../domain/case-file.js';
import type { Evidence, EvidenceType } from '../domain/evidence.js';
import { readEvidence } from '../domain/read-evidence.js';
import { excerpt } from './excerpt.js';

/** Evidence in both its forms: as agents read it, and as people look it up. */
export interface Piece {
  readonly evidence: Evidence;
  readonly record: EvidenceRecord;
}

interface Origin {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly summary: string;
  readonly observedAt: Date;
  readonly query: string;
  /** Who reads it, if not the first agent that reads this type. */
  readonly agentName?: string;
}

/** A piece whose rows are kept with the run. */
export function pieceOfRows(origin: Origin, rows: readonly object[]): Piece {
  const { evidenceId, type, source, summary, observedAt } = origin;
  const about = { evidenceId, source, summary, observedAt: observedAt.getTime() };
  const evidence = readEvidence(type, about, rows);
  const content = rows.map((row) => JSON.stringify(row)).join('\n');
  return {
    evidence,
    record: {
      agentName: readerOf(type) ?? '',
      ...origin,
      content: excerpt(content),
      contentHash: sha256Hex(content),
      origin: 'file',
      rows: evidence.rows,
    },
  };
}
