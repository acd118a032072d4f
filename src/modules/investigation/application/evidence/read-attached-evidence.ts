import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AttachedEvidence, IncidentEvidence } from '#modules/ingestion/api';
import { readerOf } from '../../domain/agents/registry.js';
import type { NewEvidence } from '../../domain/run-records.js';
import { isEvidenceType } from '../../domain/evidence/read-evidence.js';
import type { PieceHead } from '../analysis/analyser.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import type { FoundEvidence } from './found-evidence.js';

/** Rows of one type of evidence that a run holds in memory. Of more it reads a sample. */
const MAX_ROWS = 100_000;
const MAX_PIECES = 1_000;

/** Reads the evidence attached to an incident. Types that no agent reads are skipped. */
@Injectable()
export class ReadAttachedEvidence {
  constructor(private readonly attached: IncidentEvidence) {}

  /** @param only ids of the evidence to read; all when absent */
  async execute(
    analyser: RemoteAnalyser,
    tenantId: TenantId,
    incidentId: string,
    only?: ReadonlySet<string>,
  ): Promise<FoundEvidence> {
    const all = await this.attached.of(tenantId, incidentId, MAX_PIECES + 1);
    const headers = all.slice(0, MAX_PIECES).filter(({ evidenceId }) => !only || only.has(evidenceId));
    const records: NewEvidence[] = [];
    const unread: string[] = [];
    if (all.length > MAX_PIECES) {
      unread.push(
        `Of what was attached to the incident the first ${MAX_PIECES} pieces were read, and no more.`,
      );
    }
    const rowsOfType = new Map<string, number>();
    for (const { type, accepted } of headers) rowsOfType.set(type, (rowsOfType.get(type) ?? 0) + accepted);
    for (const header of headers) {
      const share = MAX_ROWS / (rowsOfType.get(header.type) ?? 0);
      const found = await this.read(analyser, tenantId, header, share);
      if (!found) continue;
      records.push(found.record);
      unread.push(...found.unread);
    }
    return { records, unread };
  }

  private async read(
    analyser: RemoteAnalyser,
    tenantId: TenantId,
    { evidenceId, type, source, accepted, startedAt, attachedAt }: AttachedEvidence,
    share: number,
  ): Promise<{ readonly record: NewEvidence; readonly unread: readonly string[] } | undefined> {
    const agentName = isEvidenceType(type) && readerOf(type);
    if (!agentName) return undefined;
    const observedAt = startedAt ?? attachedAt;
    const head: PieceHead = { evidenceId, type, source, observedAt: observedAt.getTime() };
    // The next batch is fetched while the analyser parses the previous one.
    let added = Promise.resolve();
    for await (const rows of this.attached.rows(tenantId, evidenceId)) {
      await added;
      added = analyser.add(head, rows, share);
    }
    await added;
    const { rows: read, content, contentHash } = await analyser.piece(evidenceId);
    const part = read < accepted ? `, of which ${read} were read` : '';
    const summary = `${type} from ${source}: ${accepted} ${accepted === 1 ? 'row' : 'rows'}${part}`;
    const record: NewEvidence = {
      evidenceId, type, source, agentName, summary, observedAt, content, contentHash,
      query: 'what was attached to the incident', origin: 'attached', rows: null,
    }; // prettier-ignore
    const why = read === 0 ? `: none holds what ${agentName} reads` : '';
    return { record, unread: part === '' ? [] : [`${summary}${why}.`] };
  }
}
