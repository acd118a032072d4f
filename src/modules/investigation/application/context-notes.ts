import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type Piece, pieceOfRows } from './piece.js';

interface NoteRow {
  readonly noteId: string;
  readonly context: string;
  readonly addedBy: string;
  readonly addedAt: Date;
}

const MOST_NOTES = 100;

/** What people added to the investigations of an incident in words. */
@Injectable()
export class ContextNotes {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async execute(tenantId: TenantId, incidentId: string): Promise<Piece[]> {
    const notes = await this.unitOfWork.query<NoteRow>(
      tenantId,
      `SELECT note_id AS "noteId", context, added_by AS "addedBy", added_at AS "addedAt"
         FROM context_notes WHERE tenant_id = $1 AND incident_id = $2 ORDER BY note_id DESC LIMIT $3`,
      [tenantId, incidentId, MOST_NOTES],
    );
    return notes.map(({ noteId, context, addedBy, addedAt }) =>
      pieceOfRows(
        {
          evidenceId: noteId,
          type: 'note',
          source: 'context',
          summary: `Context added by ${addedBy}`,
          observedAt: addedAt,
          query: 'context that people added',
        },
        [{ text: context, timestamp: addedAt.getTime() }],
      ),
    );
  }
}
