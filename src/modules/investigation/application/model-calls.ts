import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Run } from '../domain/run.js';
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
  'turn' | 'provider' | 'model' | 'sentHash' | 'sentBytes' | 'masked' | 'reservedTokens' | 'reservedUsd'
>;

export type Settlement = Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'costUsd' | 'failure'>;

/** Where the calls of one review are written down: before each of them, and after it. */
export interface CallBook {
  /** @returns false when nothing may leave any more */
  reserve(call: NewModelCall): Promise<boolean>;
  settle(turn: number, settlement: Settlement): Promise<void>;
  spent(): Promise<Spent>;
}

/** The book of a review that leaves nothing behind. */
export class FleetingBook implements CallBook {
  readonly #calls = new Map<number, NewModelCall & Partial<Settlement>>();

  reserve(call: NewModelCall): Promise<boolean> {
    this.#calls.set(call.turn, call);
    return Promise.resolve(true);
  }

  settle(turn: number, settlement: Settlement): Promise<void> {
    const call = this.#calls.get(turn);
    if (call) this.#calls.set(turn, { ...call, ...settlement });
    return Promise.resolve();
  }

  spent(): Promise<Spent> {
    return Promise.resolve(sumOf([...this.#calls.values()]));
  }
}

/** What calls came to; one whose answer never came counts in full. */
function sumOf(calls: readonly (NewModelCall & Partial<Settlement>)[]): Spent {
  const tokensOf = ({ inputTokens, outputTokens, reservedTokens }: NewModelCall & Partial<Settlement>) =>
    typeof inputTokens === 'number' ? inputTokens + (outputTokens ?? 0) : reservedTokens;
  return {
    turns: calls.length,
    tokens: calls.reduce((sum, call) => sum + tokensOf(call), 0),
    costUsd: calls.reduce((sum, { costUsd, reservedUsd }) => sum + (costUsd ?? reservedUsd), 0),
  };
}

/** What left for models in runs. */
@Injectable()
export class ModelCalls {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Also what the calls of a process that died had set aside counts as spent. */
  bookOf({ tenantId, investigationId }: Run): CallBook {
    return {
      reserve: (call) => this.reserve(tenantId, investigationId, call),
      settle: (turn, settlement) => this.settle(tenantId, investigationId, turn, settlement),
      spent: async () => sumOf(await this.of(tenantId, investigationId)),
    };
  }

  /** @returns false when the run is not under way any more: then nothing may leave */
  private async reserve(tenantId: TenantId, investigationId: string, call: NewModelCall): Promise<boolean> {
    const rows = await this.unitOfWork.query(
      tenantId,
      `INSERT INTO model_calls (tenant_id, investigation_id, turn, provider, model, sent_hash, sent_bytes, masked,
         reserved_tokens, reserved_usd, started_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM investigations
        WHERE tenant_id = $1 AND investigation_id = $2 AND status = 'running'
       RETURNING turn`,
      [
        tenantId,
        investigationId,
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

  private async settle(
    tenantId: TenantId,
    investigationId: string,
    turn: number,
    with_: Settlement,
  ): Promise<void> {
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
