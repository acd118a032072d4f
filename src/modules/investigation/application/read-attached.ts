import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AttachedEvidence, IncidentEvidence } from '#modules/ingestion/api';
import { readerOf } from '../domain/agents/registry.js';
import type { Evidence, EvidenceType } from '../domain/evidence.js';
import { isEvidenceType, readEvidence } from '../domain/read-evidence.js';
import { excerpt } from './excerpt.js';
import type { Piece } from './piece.js';

/** Of one type of evidence: what a run holds in memory. Of more than that it reads a sample. */
const MOST_ROWS = 100_000;
const BEGINNING = 8_000;

/** Brings what was attached to an incident into the one form that agents read. What no agent reads stays where it is. */
@Injectable()
export class ReadAttached {
  constructor(private readonly attached: IncidentEvidence) {}

  /** @param only the ids to read; all when absent */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    only?: ReadonlySet<string>,
  ): Promise<AttachedPiece[]> {
    const all = await this.attached.of(tenantId, incidentId);
    const headers = all.filter(({ evidenceId }) => !only || only.has(evidenceId));
    const pieces: AttachedPiece[] = [];
    for (const header of headers) {
      const type = isEvidenceType(header.type) ? header.type : undefined;
      const agentName = type && readerOf(type);
      if (!agentName) continue;
      const rows = headers.reduce((sum, other) => sum + (other.type === type ? other.accepted : 0), 0);
      pieces.push(await this.read(tenantId, header, { type, agentName, share: MOST_ROWS / rows }));
    }
    return pieces;
  }

  private async read(tenantId: TenantId, header: AttachedEvidence, how: Reading): Promise<AttachedPiece> {
    const { evidenceId, source, accepted } = header;
    const { type, agentName, share } = how;
    const observedAt = header.startedAt ?? header.attachedAt;
    const about = { evidenceId, source, summary: '', observedAt: observedAt.getTime() };
    const hash = createHash('sha256');
    const rows: Evidence['rows'][number][] = [];
    let [place, content] = [0, ''];
    for await (const batch of this.attached.rows(tenantId, evidenceId)) {
      const sample = batch.filter(() => isInSample(place++, share));
      for (const raw of sample) {
        const line = `${JSON.stringify(raw)}\n`;
        hash.update(line);
        if (content.length < BEGINNING) content += line;
      }
      for (const row of readEvidence(type, about, sample).rows) rows.push(row);
    }
    const part = rows.length < accepted ? `, of which ${rows.length} were read` : '';
    const summary = `${type} from ${source}: ${accepted} ${accepted === 1 ? 'row' : 'rows'}${part}`;
    return {
      // Its rows were read as its type asks, which the compiler cannot see.
      evidence: { ...about, type, summary, rows } as Evidence,
      record: {
        evidenceId, type, source, agentName, summary, observedAt,
        query: 'what was attached to the incident',
        content: excerpt(content.trimEnd()),
        contentHash: hash.digest('hex'),
        origin: 'attached',
        rows: null,
      }, // prettier-ignore
      unread:
        part === '' ? [] : [`${summary}${rows.length === 0 ? `: none holds what ${agentName} reads` : ''}.`],
    };
  }
}

interface AttachedPiece extends Piece {
  /** What of it is of no use to the agents, or too much for a run, in a sentence. */
  readonly unread: readonly string[];
}

interface Reading {
  readonly type: EvidenceType;
  readonly agentName: string;
  /** Of its rows that are read; all from 1 on. */
  readonly share: number;
}

/** Scattered by a multiplicative hash, since every tenth row of a table may be of the same series; always the same rows. */
function isInSample(place: number, share: number): boolean {
  return share >= 1 || (Math.imul(place, 0x9e3779b1) >>> 0) / 2 ** 32 < share;
}
