import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { EvidenceSources, type PulledPiece } from '#modules/integrations/api';
import type { InvestigatedIncident } from '../domain/agents/agent.js';
import { readerOf } from '../domain/agents/registry.js';
import type { Evidence } from '../domain/evidence.js';
import { readEvidence } from '../domain/read-evidence.js';
import { clockTime, count } from '../domain/wording.js';
import { excerpt } from './excerpt.js';
import type { Piece } from './piece.js';

const MINUTE = 60_000;
const BEFORE_ALERT = 60 * MINUTE;
const AFTER_ALERT = 30 * MINUTE;

export interface Pulled {
  readonly pieces: readonly Piece[];
  /** What the sources did not tell, as sentences. */
  readonly unread: readonly string[];
}

/** Asks the tools that the tenant connected for what they saw around the alert. Never inside a transaction. */
@Injectable()
export class PullConnected {
  constructor(
    private readonly sources: EvidenceSources,
    private readonly clock: Clock,
  ) {}

  async execute(
    tenantId: TenantId,
    { service, environment, alertedAt }: InvestigatedIncident,
    signal: AbortSignal,
  ): Promise<Pulled> {
    const now = this.clock.now().getTime();
    const question = {
      service,
      environment,
      alertedAt: new Date(alertedAt),
      from: new Date(alertedAt - BEFORE_ALERT),
      to: new Date(Math.max(alertedAt, Math.min(now, alertedAt + AFTER_ALERT))),
    };
    const answers = await this.sources.pull(tenantId, question, signal);
    return {
      pieces: answers.flatMap((answer) => ('rows' in answer ? pieceOf(answer, alertedAt) : [])),
      unread: answers.flatMap((answer) => ('missing' in answer ? answer.missing : [])),
    };
  }
}

/** Nothing when no row of it can be read. */
function pieceOf({ type, provider, source, query, rows: raw }: PulledPiece, alertedAt: number): Piece[] {
  const evidenceId = newId('evd');
  const about = { evidenceId, source: provider, summary: '', observedAt: alertedAt };
  const { rows } = readEvidence(type, about, raw);
  if (rows.length === 0) return [];
  const content = raw.map((row) => JSON.stringify(row)).join('\n');
  const summary = `${nameOf(type, rows)} from ${source}: ${count(rows.length, 'row')} around ${clockTime(alertedAt)}`;
  return [
    {
      // Its rows were read as its type asks, which the compiler cannot see.
      evidence: { ...about, type, summary, rows } as Piece['evidence'],
      record: {
        evidenceId, type, source: provider, summary, query, rows,
        agentName: readerOf(type) ?? '',
        observedAt: new Date(alertedAt),
        content: excerpt(content),
        contentHash: sha256Hex(content),
        origin: 'file',
      }, // prettier-ignore
    },
  ];
}

/** A series by its name, everything else by its type. */
function nameOf(type: string, [first]: Evidence['rows']): string {
  return first && 'metric' in first && type === 'metric' ? `${first.metric} of ${first.entity}` : type;
}
