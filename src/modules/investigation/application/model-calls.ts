import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Spent } from '../domain/review/model-budget.js';

export interface ModelCall {
  readonly investigationId: string;
  readonly turn: number;
  readonly provider: string;
  readonly model: string;
  /** SHA-256, in hex, of the masked request. */
  readonly sentHash: string;
  readonly sentBytes: number;
  readonly masked: Readonly<Record<string, number>>;
  readonly reservedTokens: number;
  readonly reservedUsd: number;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
  readonly failure: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export type NewModelCall = Pick<
  ModelCall,
  | 'investigationId'
  | 'turn'
  | 'provider'
  | 'model'
  | 'sentHash'
  | 'sentBytes'
  | 'masked'
  | 'reservedTokens'
  | 'reservedUsd'
>;

export type Settlement = Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'costUsd' | 'failure'>;

/** The book of what left for a model: written before a call, settled after it. */
@Injectable()
export class ModelCalls {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @returns false when the run is not under way any more: then nothing may leave */
  async reserve(tenantId: TenantId, call: NewModelCall): Promise<boolean> {
    const rows = await this.unitOfWork.query(
      tenantId,
      `INSERT INTO model_calls (tenant_id, investigation_id, turn, provider, model, sent_hash, sent_bytes, masked,
         reserved_tokens, reserved_usd, started_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM investigations
        WHERE tenant_id = $1 AND investigation_id = $2 AND status = 'running'
       RETURNING turn`,
      [
        tenantId,
        call.investigationId,
        call.turn,
        call.provider,
        call.model,
        call.sentHash,
        call.sentBytes,
        JSON.stringify(call.masked),
        call.reservedTokens,
        call.reservedUsd,
        this.clock.now(),
      ],
    );
    return rows.length > 0;
  }

  async settle(tenantId: TenantId, investigationId: string, turn: number, with_: Settlement): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `UPDATE model_calls SET input_tokens = $4, output_tokens = $5, cost_usd = $6, failure = $7, ended_at = $8
        WHERE tenant_id = $1 AND investigation_id = $2 AND turn = $3`,
      [
        tenantId,
        investigationId,
        turn,
        with_.inputTokens,
        with_.outputTokens,
        with_.costUsd,
        with_.failure,
        this.clock.now(),
      ],
    );
  }

  /** Also what the calls of a process that died had set aside. */
  async spent(tenantId: TenantId, investigationId: string): Promise<Spent> {
    const calls = await this.of(tenantId, investigationId);
    return {
      turns: calls.length,
      tokens: calls.reduce(
        (sum, call) =>
          sum +
          (call.inputTokens === null ? call.reservedTokens : call.inputTokens + (call.outputTokens ?? 0)),
        0,
      ),
      costUsd: calls.reduce((sum, { costUsd, reservedUsd }) => sum + (costUsd ?? reservedUsd), 0),
    };
  }

  /** In the order in which they were made. */
  async of(tenantId: TenantId, investigationId: string): Promise<ModelCall[]> {
    return this.unitOfWork.query<ModelCall>(
      tenantId,
      `SELECT investigation_id AS "investigationId", turn, provider, model, sent_hash AS "sentHash",
              sent_bytes AS "sentBytes", masked, reserved_tokens AS "reservedTokens", reserved_usd AS "reservedUsd",
              input_tokens AS "inputTokens", output_tokens AS "outputTokens", cost_usd AS "costUsd", failure,
              started_at AS "startedAt", ended_at AS "endedAt"
         FROM model_calls WHERE tenant_id = $1 AND investigation_id = $2 ORDER BY turn`,
      [tenantId, investigationId],
    );
  }
}
