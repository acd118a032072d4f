import { Injectable } from '@nestjs/common';
import { CaseFile } from '../domain/case-file.js';
import { LOOK_BACK } from '../domain/change-ranking.js';
import { EvidenceSet } from '../domain/evidence-set.js';
import { estimateOnset, type Onset } from '../domain/onset.js';
import type { Memory, Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { AlertsAround } from './alerts-around.js';
import { ContextNotes } from './context-notes.js';
import type { Piece } from './piece.js';
import { PullConnected } from './pull-connected.js';
import { ReadAttached } from './read-attached.js';
import { RecentChanges } from './recent-changes.js';
import { RereadEvidence } from './reread-evidence.js';

export interface Gathered {
  readonly evidence: EvidenceSet;
  readonly onset: Onset;
}

/** Finds what there is to read about an incident, once in a run: after a crash it reads the same again. */
@Injectable()
export class GatherEvidence {
  constructor(
    private readonly readAttached: ReadAttached,
    private readonly pullConnected: PullConnected,
    private readonly alertsAround: AlertsAround,
    private readonly recentChanges: RecentChanges,
    private readonly contextNotes: ContextNotes,
    private readonly rereadEvidence: RereadEvidence,
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
  ) {}

  async execute(run: Run, { incident }: Memory, signal: AbortSignal): Promise<Gathered> {
    if (run.onset) return this.again(run, run.onset);
    const { tenantId, investigationId, incidentId } = run;
    const attached = await this.readAttached.execute(tenantId, incidentId);
    const pulled = await this.pullConnected.execute(tenantId, incident, signal);
    const onset = estimateOnset(setOf([...attached, ...pulled.pieces]), incident);
    const from = new Date(onset.at - LOOK_BACK);
    const to = new Date(Math.max(onset.at, incident.alertedAt));
    const changes = await this.recentChanges.execute(tenantId, incident.service, from, to);
    const notes = await this.contextNotes.execute(tenantId, incidentId);
    const storm = await this.alertsAround.execute(tenantId, incident);
    const pieces = [...attached, ...pulled.pieces, ...storm.pieces, ...changes, ...notes];
    const kept = await this.runs.change(tenantId, investigationId, async (current) => {
      if (current.status !== 'running' || current.onset) return current;
      current.date(onset);
      current.unreadSources = [
        ...attached.flatMap(({ unread }) => unread),
        ...pulled.unread,
        ...storm.unread,
      ];
      const records = pieces.map(({ record }) => record);
      await this.caseFile.addEvidence(tenantId, investigationId, records);
      return current;
    });
    // Somebody else was faster: a finding may cite only what the run has on file.
    if (kept.onset !== onset && kept.onset) return this.again(kept, kept.onset);
    return { evidence: setOf(pieces), onset };
  }

  private async again(run: Run, onset: Onset): Promise<Gathered> {
    const { evidence } = await this.rereadEvidence.execute(run);
    return { evidence, onset };
  }
}

function setOf(pieces: readonly Piece[]): EvidenceSet {
  return new EvidenceSet(pieces.map(({ evidence }) => evidence));
}
