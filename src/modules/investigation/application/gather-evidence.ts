import { Injectable } from '@nestjs/common';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Onset } from '../domain/evidence/onset.js';
import type { Memory, Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { AlertsAround } from './alerts-around.js';
import type { RemoteDesk } from './desks.js';
import { PullConnected } from './pull-connected.js';
import { ReadAttached } from './read-attached.js';
import { ReadRecorded } from './read-recorded.js';

/** Finds what there is to read about an incident, and puts it on file: what a run has on file it reads again after a crash. */
@Injectable()
export class GatherEvidence {
  constructor(
    private readonly readAttached: ReadAttached,
    private readonly pullConnected: PullConnected,
    private readonly alertsAround: AlertsAround,
    private readonly readRecorded: ReadRecorded,
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
  ) {}

  /** @returns when the trouble began; undefined when the run has ended, or somebody else was faster */
  async execute(
    desk: RemoteDesk,
    { tenantId, investigationId, incidentId }: Run,
    { incident }: Memory,
    signal: AbortSignal,
  ): Promise<Onset | undefined> {
    const attached = await this.readAttached.execute(desk, tenantId, incidentId);
    const pulled = await this.pullConnected.execute(desk, tenantId, incident, signal);
    const onset = await desk.estimateOnset();
    const recorded = await this.readRecorded.execute(desk, tenantId, incident, onset);
    const storm = await this.alertsAround.execute(desk, tenantId, incident);
    return this.runs.change(tenantId, investigationId, async (run) => {
      if (run.status !== 'running' || run.onset) return undefined;
      run.date(onset);
      const found = [attached, pulled, storm, recorded];
      run.unreadSources = found.flatMap(({ unread }) => unread);
      const records = found.flatMap((each) => each.records);
      await this.caseFile.addEvidence(tenantId, investigationId, records);
      return onset;
    });
  }
}
