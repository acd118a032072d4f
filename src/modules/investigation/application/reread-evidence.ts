import { Injectable } from '@nestjs/common';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Run } from '../domain/run.js';
import type { RemoteDesk } from './desks.js';
import { ReadAttached } from './read-attached.js';

const PIECES_AT_ONCE = 50;

/** Everything that a run has on file, as its agents read it then. Asks nobody else, and stores nothing. */
@Injectable()
export class RereadEvidence {
  constructor(
    private readonly caseFile: CaseFile,
    private readonly readAttached: ReadAttached,
  ) {}

  /** @returns ids of what was attached and is no longer there as the run read it */
  async execute(desk: RemoteDesk, { tenantId, investigationId, incidentId }: Run): Promise<string[]> {
    const file = await this.caseFile.evidence(tenantId, investigationId);
    const before = new Map(
      file.flatMap(({ origin, evidenceId, contentHash }) =>
        origin === 'attached' ? [[evidenceId, contentHash] as const] : [],
      ),
    );
    const { records: attached } = await this.readAttached.execute(
      desk,
      tenantId,
      incidentId,
      new Set(before.keys()),
    );
    const records = new Map(file.map((record) => [record.evidenceId, record]));
    const kept = file.flatMap(({ origin, evidenceId }) => (origin === 'file' ? evidenceId : []));
    for (let at = 0; at < kept.length; at += PIECES_AT_ONCE) {
      const some = kept.slice(at, at + PIECES_AT_ONCE);
      for (const { evidenceId, rows } of await this.caseFile.keptRows(tenantId, investigationId, some)) {
        const record = records.get(evidenceId);
        if (!record) continue;
        const { type, source, observedAt } = record;
        await desk.add({ evidenceId, type, source, observedAt: observedAt.getTime() }, rows);
      }
    }
    const now = new Map(attached.map(({ evidenceId, contentHash }) => [evidenceId, contentHash]));
    return [...before].flatMap(([id, hash]) => (now.get(id) === hash ? [] : [id]));
  }
}
