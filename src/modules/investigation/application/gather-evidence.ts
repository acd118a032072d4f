import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { InvestigatedIncident } from '../domain/agents/agent.js';
import { CaseFile, type EvidenceRecord } from '../domain/case-file.js';
import { LOOK_BACK } from '../domain/change-ranking.js';
import { EvidenceSet } from '../domain/evidence-set.js';
import { estimateOnset, type Onset } from '../domain/onset.js';
import { readEvidence } from '../domain/read-evidence.js';
import { type Piece, ReadAttached } from './read-attached.js';
import { RecentChanges } from './recent-changes.js';

export interface Gathered {
  readonly evidence: EvidenceSet;
  readonly records: readonly EvidenceRecord[];
  readonly onset: Onset;
}

/** Finds what there is to read about an incident. */
@Injectable()
export class GatherEvidence {
  constructor(
    private readonly readAttached: ReadAttached,
    private readonly recentChanges: RecentChanges,
    private readonly caseFile: CaseFile,
  ) {}

  /** For the first time in a run: what is attached by now, and what had changed when the trouble began. */
  async execute(tenantId: TenantId, incident: InvestigatedIncident): Promise<Gathered> {
    const attached = await this.readAttached.execute(tenantId, incident);
    const onset = estimateOnset(setOf(attached), incident);
    const from = new Date(onset.at - LOOK_BACK);
    const to = new Date(Math.max(onset.at, incident.alertedAt));
    const changes = await this.recentChanges.execute(tenantId, incident.service, from, to);
    const pieces = [...attached, ...changes];
    return { evidence: setOf(pieces), records: pieces.map(({ record }) => record), onset };
  }

  /** Once more, after a crash: what the run had read before, and nothing that came since. */
  async again(
    tenantId: TenantId,
    investigationId: string,
    incident: InvestigatedIncident,
  ): Promise<EvidenceSet> {
    const file = await this.caseFile.evidence(tenantId, investigationId);
    const ids = file.filter(({ origin }) => origin === 'attached').map(({ evidenceId }) => evidenceId);
    const attached = await this.readAttached.execute(tenantId, incident, new Set(ids));
    const kept = file.flatMap(({ type, observedAt, rows, ...about }) =>
      rows ? [readEvidence(type, { ...about, observedAt: observedAt.getTime() }, rows)] : [],
    );
    return new EvidenceSet([...attached.map(({ evidence }) => evidence), ...kept]);
  }
}

function setOf(pieces: readonly Piece[]): EvidenceSet {
  return new EvidenceSet(pieces.map(({ evidence }) => evidence));
}
