import { Injectable } from '@nestjs/common';
import { RunRecords } from '../../domain/run-records.js';
import type { Onset } from '../../domain/evidence/onset.js';
import type { Memory, Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import { ReadNearbyAlerts } from './read-nearby-alerts.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import { PullConnectedEvidence } from './pull-connected-evidence.js';
import { ReadAttachedEvidence } from './read-attached-evidence.js';
import { ReadChangesAndNotes } from './read-changes-and-notes.js';

/** Reads all sources of evidence and stores what was read. After a crash the run reloads that instead of reading again. */
@Injectable()
export class GatherEvidence {
  constructor(
    private readonly readAttachedEvidence: ReadAttachedEvidence,
    private readonly pullConnectedEvidence: PullConnectedEvidence,
    private readonly readNearbyAlerts: ReadNearbyAlerts,
    private readonly readChangesAndNotes: ReadChangesAndNotes,
    private readonly runs: Runs,
    private readonly records: RunRecords,
  ) {}

  /** @returns the onset; undefined when the run has ended, or another job has gathered the evidence meanwhile */
  async execute(
    analyser: RemoteAnalyser,
    { tenantId, investigationId, incidentId }: Run,
    { incident }: Memory,
    signal: AbortSignal,
  ): Promise<Onset | undefined> {
    const attached = await this.readAttachedEvidence.execute(analyser, tenantId, incidentId);
    const pulled = await this.pullConnectedEvidence.execute(analyser, tenantId, incident, signal);
    const onset = await analyser.estimateOnset();
    const recorded = await this.readChangesAndNotes.execute(analyser, tenantId, incident, onset);
    const storm = await this.readNearbyAlerts.execute(analyser, tenantId, incident);
    return this.runs.change(tenantId, investigationId, async (run) => {
      if (run.status !== 'running' || run.onset) return undefined;
      run.setOnset(onset);
      const found = [attached, pulled, storm, recorded];
      run.unreadSources = found.flatMap(({ unread }) => unread);
      const records = found.flatMap((each) => each.records);
      await this.records.addEvidence(tenantId, investigationId, records);
      return onset;
    });
  }
}
