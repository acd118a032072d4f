import { Injectable } from '@nestjs/common';
import { CaseFile } from '../domain/case-file.js';
import { EvidenceSet } from '../domain/evidence-set.js';
import { readEvidence } from '../domain/read-evidence.js';
import type { Run } from '../domain/run.js';
import { ReadAttached } from './read-attached.js';

export interface Reread {
  readonly evidence: EvidenceSet;
  /** Ids of what was attached and is no longer there as the run read it. */
  readonly altered: readonly string[];
}

/** Everything that a run has on file, as its agents read it then. Asks nobody else, and stores nothing. */
@Injectable()
export class RereadEvidence {
  constructor(
    private readonly caseFile: CaseFile,
    private readonly readAttached: ReadAttached,
  ) {}

  async execute({ tenantId, investigationId, incidentId }: Run): Promise<Reread> {
    const file = await this.caseFile.evidence(tenantId, investigationId);
    const before = new Map(
      file.flatMap(({ origin, evidenceId, contentHash }) =>
        origin === 'attached' ? [[evidenceId, contentHash] as const] : [],
      ),
    );
    const attached = await this.readAttached.execute(tenantId, incidentId, new Set(before.keys()));
    const now = new Map(attached.map(({ record }) => [record.evidenceId, record.contentHash]));
    const kept = file.flatMap(({ type, observedAt, rows, ...about }) =>
      rows ? [readEvidence(type, { ...about, observedAt: observedAt.getTime() }, rows)] : [],
    );
    return {
      evidence: new EvidenceSet([...attached.map(({ evidence }) => evidence), ...kept]),
      altered: [...before].flatMap(([id, hash]) => (now.get(id) === hash ? [] : [id])),
    };
  }
}
