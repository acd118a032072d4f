import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AttachedEvidence, IncidentEvidence } from '#modules/ingestion/api';
import { readerOf } from '../domain/agents/registry.js';
import type { Evidence } from '../domain/evidence.js';
import { isEvidenceType, readEvidence } from '../domain/read-evidence.js';
import { excerpt } from './excerpt.js';
import type { Piece } from './piece.js';

/** Of all attached tables together: what one run holds in memory. Beyond it rows are counted and not read. */
const MOST_ROWS = 200_000;
const BEGINNING = 8_000;

/** Brings what was attached to an incident into the one form that agents read. What no agent reads stays where it is. */
@Injectable()
export class ReadAttached {
  constructor(private readonly attached: IncidentEvidence) {}

  /** @param only the ids to read; all when absent */
  async execute(tenantId: TenantId, incidentId: string, only?: ReadonlySet<string>): Promise<Piece[]> {
    const pieces: Piece[] = [];
    let left = MOST_ROWS;
    for (const header of await this.attached.of(tenantId, incidentId)) {
      if (only && !only.has(header.evidenceId)) continue;
      const piece = await this.read(tenantId, header, left);
      if (!piece) continue;
      left -= piece.evidence.rows.length;
      pieces.push(piece);
    }
    return pieces;
  }

  private async read(tenantId: TenantId, header: AttachedEvidence, most: number): Promise<Piece | undefined> {
    const { evidenceId, type, source, accepted } = header;
    const agentName = isEvidenceType(type) ? readerOf(type) : undefined;
    if (!isEvidenceType(type) || agentName === undefined) return undefined;
    const observedAt = header.startedAt ?? header.attachedAt;
    const about = { evidenceId, source, summary: '', observedAt: observedAt.getTime() };
    const hash = createHash('sha256');
    const rows: Evidence['rows'][number][] = [];
    let content = '';
    for await (const batch of this.attached.rows(tenantId, evidenceId)) {
      const readable = batch.slice(0, most - rows.length);
      for (const raw of readable) {
        const line = `${JSON.stringify(raw)}\n`;
        hash.update(line);
        if (content.length < BEGINNING) content += line;
      }
      for (const row of readEvidence(type, about, readable).rows) rows.push(row);
      if (rows.length >= most) break;
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
    };
  }
}
