import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AttachedEvidence, IncidentEvidence } from '#modules/ingestion/api';
import { readerOf } from '../domain/agents/registry.js';
import type { NewEvidence } from '../domain/evidence/case-file.js';
import { isEvidenceType } from '../domain/evidence/read-evidence.js';
import type { PieceHead } from './desk.js';
import type { RemoteDesk } from './desks.js';
import type { FoundEvidence } from './found-evidence.js';

/** Of one type of evidence: what a run holds in memory. Of more than that it reads a sample. */
const MOST_ROWS = 100_000;
const MOST_PIECES = 1_000;

/** Brings what was attached to an incident into the one form that agents read. What no agent reads stays where it is. */
@Injectable()
export class ReadAttached {
  constructor(private readonly attached: IncidentEvidence) {}

  /** @param only the ids to read; all when absent */
  async execute(
    desk: RemoteDesk,
    tenantId: TenantId,
    incidentId: string,
    only?: ReadonlySet<string>,
  ): Promise<FoundEvidence> {
    const all = await this.attached.of(tenantId, incidentId, MOST_PIECES + 1);
    const headers = all.slice(0, MOST_PIECES).filter(({ evidenceId }) => !only || only.has(evidenceId));
    const records: NewEvidence[] = [];
    const unread: string[] = [];
    if (all.length > MOST_PIECES) {
      unread.push(
        `Of what was attached to the incident the first ${MOST_PIECES} pieces were read, and no more.`,
      );
    }
    for (const header of headers) {
      const rows = headers.reduce(
        (sum, { type, accepted }) => sum + (type === header.type ? accepted : 0),
        0,
      );
      const found = await this.read(desk, tenantId, header, MOST_ROWS / rows);
      if (!found) continue;
      records.push(found.record);
      unread.push(...found.unread);
    }
    return { records, unread };
  }

  private async read(
    desk: RemoteDesk,
    tenantId: TenantId,
    { evidenceId, type, source, accepted, startedAt, attachedAt }: AttachedEvidence,
    share: number,
  ): Promise<{ readonly record: NewEvidence; readonly unread: readonly string[] } | undefined> {
    const agentName = isEvidenceType(type) && readerOf(type);
    if (!agentName) return undefined;
    const observedAt = startedAt ?? attachedAt;
    const head: PieceHead = { evidenceId, type, source, observedAt: observedAt.getTime() };
    // While one batch is read, the next one is fetched.
    let added = Promise.resolve();
    for await (const rows of this.attached.rows(tenantId, evidenceId)) {
      await added;
      added = desk.add(head, rows, share);
    }
    await added;
    const { rows: read, content, contentHash } = await desk.piece(evidenceId);
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
