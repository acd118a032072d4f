import { Injectable } from '@nestjs/common';
import { RunRecords } from '../../domain/run-records.js';
import type { Run } from '../../domain/run.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import { ReadAttachedEvidence } from './read-attached-evidence.js';

const BATCH_SIZE = 50;

/** Loads the evidence that a run stored, as its agents read it then. Queries no other system and stores nothing. */
@Injectable()
export class RereadEvidence {
  constructor(
    private readonly records: RunRecords,
    private readonly readAttachedEvidence: ReadAttachedEvidence,
  ) {}

  /** @returns ids of attached evidence that was deleted or changed since the run read it */
  async execute(analyser: RemoteAnalyser, { tenantId, investigationId, incidentId }: Run): Promise<string[]> {
    const evidence = await this.records.evidence(tenantId, investigationId);
    const hashesThen = new Map(
      evidence.flatMap(({ origin, evidenceId, contentHash }) =>
        origin === 'attached' ? [[evidenceId, contentHash] as const] : [],
      ),
    );
    const { records: attached } = await this.readAttachedEvidence.execute(
      analyser,
      tenantId,
      incidentId,
      new Set(hashesThen.keys()),
    );
    const byId = new Map(evidence.map((record) => [record.evidenceId, record]));
    const storedIds = evidence.flatMap(({ origin, evidenceId }) => (origin === 'file' ? evidenceId : []));
    for (let start = 0; start < storedIds.length; start += BATCH_SIZE) {
      const batch = storedIds.slice(start, start + BATCH_SIZE);
      for (const { evidenceId, rows } of await this.records.storedRows(tenantId, investigationId, batch)) {
        const record = byId.get(evidenceId);
        if (!record) continue;
        const { type, source, observedAt } = record;
        await analyser.add({ evidenceId, type, source, observedAt: observedAt.getTime() }, rows);
      }
    }
    const hashesNow = new Map(attached.map(({ evidenceId, contentHash }) => [evidenceId, contentHash]));
    return [...hashesThen].flatMap(([id, hash]) => (hashesNow.get(id) === hash ? [] : [id]));
  }
}
