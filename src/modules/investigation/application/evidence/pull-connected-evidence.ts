import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { EvidenceSources, type PulledPiece } from '#modules/integrations/api';
import type { InvestigatedIncident } from '../../domain/agents/agent.js';
import { readerOf } from '../../domain/agents/registry.js';
import type { NewEvidence } from '../../domain/run-records.js';
import { clockTime, count } from '../../domain/wording.js';
import type { ReadPiece } from '../analysis/analyser.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import type { FoundEvidence } from './found-evidence.js';

const MINUTE = 60_000;
const BEFORE_ALERT = 60 * MINUTE;
const AFTER_ALERT = 30 * MINUTE;

/** Queries the tenant's connected integrations for evidence around the alert. Must not run inside a transaction. */
@Injectable()
export class PullConnectedEvidence {
  constructor(
    private readonly sources: EvidenceSources,
    private readonly clock: Clock,
  ) {}

  async execute(
    analyser: RemoteAnalyser,
    tenantId: TenantId,
    { service, environment, alertedAt }: InvestigatedIncident,
    signal: AbortSignal,
  ): Promise<FoundEvidence> {
    const now = this.clock.now().getTime();
    const query = {
      service,
      environment,
      alertedAt: new Date(alertedAt),
      from: new Date(alertedAt - BEFORE_ALERT),
      to: new Date(Math.max(alertedAt, Math.min(now, alertedAt + AFTER_ALERT))),
    };
    const answers = await this.sources.pull(tenantId, query, signal);
    const records: NewEvidence[] = [];
    for (const answer of answers) {
      const record = 'rows' in answer && (await read(analyser, answer, alertedAt));
      if (record) records.push(record);
    }
    return { records, unread: answers.flatMap((answer) => ('missing' in answer ? answer.missing : [])) };
  }
}

/** @returns undefined when no row could be parsed */
async function read(
  analyser: RemoteAnalyser,
  { type, provider, source, query, rows: raw }: PulledPiece,
  alertedAt: number,
): Promise<NewEvidence | undefined> {
  const evidenceId = newId('evd');
  const head = { evidenceId, type, source: provider, observedAt: alertedAt };
  const [, piece] = await Promise.all([analyser.add(head, raw), analyser.piece(evidenceId, true)]);
  if (piece.rows === 0) return undefined;
  return {
    evidenceId,
    type,
    source: provider,
    agentName: readerOf(type) ?? '',
    summary: `${nameOf(type, piece)} from ${source}: ${count(piece.rows, 'row')} around ${clockTime(alertedAt)}`,
    observedAt: new Date(alertedAt),
    query,
    content: piece.content,
    contentHash: piece.contentHash,
    origin: 'file',
    rows: piece.rowsJson,
  };
}

/** The metric's name and entity for a metric series, else the type of evidence. */
function nameOf(type: string, { first }: ReadPiece): string {
  return first && 'metric' in first && type === 'metric' ? `${first.metric} of ${first.entity}` : type;
}
