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
}

/** A piece of one row that is kept with the run. */
export function singleRowPiece(origin: Origin, row: object): Piece {
  const { evidenceId, type, source, summary, observedAt } = origin;
  const about = { evidenceId, source, summary, observedAt: observedAt.getTime() };
  const evidence = readEvidence(type, about, [row]);
  const content = JSON.stringify(row);
  return {
    evidence,
    record: {
      ...origin,
      agentName: readerOf(type) ?? '',
      content: excerpt(content),
      contentHash: sha256Hex(content),
      origin: 'file',
      rows: evidence.rows,
    },
  };
}
