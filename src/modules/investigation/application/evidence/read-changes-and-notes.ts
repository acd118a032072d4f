import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { NewChange } from '../../api.js';
import type { InvestigatedIncident } from '../../domain/agents/agent.js';
import { LOOK_BACK } from '../../domain/changes/change-ranking.js';
import type { Onset } from '../../domain/evidence/onset.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import type { FoundEvidence } from './found-evidence.js';
import { addStoredPiece } from './add-stored-piece.js';

interface RecordedChange extends NewChange {
  readonly changeId: string;
  readonly previousVersion: string | null;
}

interface Note {
  readonly noteId: string;
  readonly context: string;
  readonly addedBy: string;
  readonly addedAt: Date;
}

const MAX_CHANGES = 100;
const MAX_NOTES = 100;

/** Reads the evidence that CauseFlow stores itself: recorded changes before the onset, and notes that people added. */
@Injectable()
export class ReadChangesAndNotes {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async execute(
    analyser: RemoteAnalyser,
    tenantId: TenantId,
    { incidentId, service, alertedAt }: InvestigatedIncident,
    onset: Onset,
  ): Promise<FoundEvidence> {
    const from = new Date(onset.at - LOOK_BACK);
    const to = new Date(Math.max(onset.at, alertedAt));
    const query = `recorded changes from ${from.toISOString()} to ${to.toISOString()}`;
    const changes = await this.changes(tenantId, service, from, to);
    const notes = await this.notes(tenantId, incidentId);
    const records = await Promise.all([
      ...changes
        .slice(0, MAX_CHANGES)
        .map((change) => addStoredPiece(analyser, { ...changeHead(change), query }, [change])),
      ...notes.slice(0, MAX_NOTES).map((note) => {
        const row = { text: note.context, timestamp: note.addedAt };
        return addStoredPiece(analyser, noteHead(note), [row]);
      }),
    ]);
    const unread = [
      ...(changes.length > MAX_CHANGES ? [`Of the ${query} only ${MAX_CHANGES} were read.`] : []),
      ...(notes.length > MAX_NOTES
        ? [`Of the context that people added the latest ${MAX_NOTES} were read.`]
        : []),
    ];
    return { records, unread };
  }

  /** Changes of the service first, then all others, newest first; each with the version it replaced. */
  private changes(
    tenantId: TenantId,
    service: string | null,
    from: Date,
    to: Date,
  ): Promise<RecordedChange[]> {
    return this.unitOfWork.query<RecordedChange>(
      tenantId,
      `SELECT c.change_id AS "changeId", c.type, c.service, c.environment, c.version, c.summary, c.url,
              c.occurred_at AS "occurredAt", b.version AS "previousVersion"
         FROM changes c LEFT JOIN LATERAL (
           SELECT p.version FROM changes p
            WHERE p.tenant_id = c.tenant_id AND p.service = c.service AND p.type = c.type
              AND p.environment IS NOT DISTINCT FROM c.environment
              AND (p.occurred_at, p.change_id) < (c.occurred_at, c.change_id) AND p.version <> c.version
            ORDER BY p.occurred_at DESC, p.change_id DESC LIMIT 1) b ON true
        WHERE c.tenant_id = $1 AND c.occurred_at BETWEEN $2 AND $3
        ORDER BY c.service = $4 DESC NULLS LAST, c.occurred_at DESC, c.change_id DESC LIMIT $5`,
      [tenantId, from, to, service, MAX_CHANGES + 1],
    );
  }

  private notes(tenantId: TenantId, incidentId: string): Promise<Note[]> {
    return this.unitOfWork.query<Note>(
      tenantId,
      `SELECT note_id AS "noteId", context, added_by AS "addedBy", added_at AS "addedAt"
         FROM context_notes WHERE tenant_id = $1 AND incident_id = $2 ORDER BY note_id DESC LIMIT $3`,
      [tenantId, incidentId, MAX_NOTES + 1],
    );
  }
}

const EVIDENCE_TYPES = {
  deploy: 'deployment',
  config: 'config_change',
  flag: 'config_change',
  schema: 'config_change',
  infra: 'config_change',
} as const;

function changeHead({ type, service, version, summary, occurredAt }: RecordedChange) {
  return {
    evidenceId: newId('evd'),
    type: EVIDENCE_TYPES[type],
    source: 'changes',
    summary: `${type} of ${service}${version === null ? '' : ` ${version}`}: ${summary}`,
    observedAt: occurredAt,
  };
}

function noteHead({ noteId, addedBy, addedAt }: Note) {
  return {
    evidenceId: noteId,
    type: 'note',
    source: 'context',
    summary: `Context added by ${addedBy}`,
    observedAt: addedAt,
    query: 'context that people added',
  } as const;
}
