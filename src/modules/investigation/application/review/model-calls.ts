import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Run } from '../../domain/run.js';
import type { ModelUsage } from '../../domain/review/model-budget.js';

/** One call of a language model, as it is stored for audit and budgeting. Amounts are US dollars. */
export interface ModelCall {
  readonly investigationId: string;
  readonly turn: number;
  readonly provider: string;
  readonly model: string;
  /** SHA-256, in hex, of the masked request. */
  readonly sentHash: string;
  readonly sentBytes: number;
  /** How many values each masking rule replaced, by rule name. */
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

/** The result of a call, recorded after it. Usage is null when the provider did not report it. */
export type Settlement = Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'costUsd' | 'failure'>;

/** Records the calls of one review: the reservation before each call, the settlement after it. */
export interface CallLedger {
  /** @returns false when the call must not be made, because the run has ended */
  reserve(call: NewModelCall): Promise<boolean>;
  settle(turn: number, settlement: Settlement): Promise<void>;
  spent(): Promise<ModelUsage>;
}

/** The ledger of a replay, which stores nothing. */
export class InMemoryCallLedger implements CallLedger {
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

  spent(): Promise<ModelUsage> {
    return Promise.resolve(sumOf([...this.#calls.values()]));
  }
}

/** A call without reported usage counts with its full reservation. */
function sumOf(calls: readonly (NewModelCall & Partial<Settlement>)[]): ModelUsage {
  const tokensOf = ({ inputTokens, outputTokens, reservedTokens }: NewModelCall & Partial<Settlement>) =>
    typeof inputTokens === 'number' ? inputTokens + (outputTokens ?? 0) : reservedTokens;
  return {
    turns: calls.length,
    tokens: calls.reduce((sum, call) => sum + tokensOf(call), 0),
    costUsd: calls.reduce((sum, { costUsd, reservedUsd }) => sum + (costUsd ?? reservedUsd), 0),
  };
}

/** The model calls of runs. */
@Injectable()
export class ModelCalls {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Reservations of a process that crashed count as spent. */
  ledgerFor({ tenantId, investigationId }: Run): CallLedger {
    return {
      reserve: (call) => this.reserve(tenantId, investigationId, call),
      settle: (turn, settlement) => this.settle(tenantId, investigationId, turn, settlement),
      spent: async () => sumOf(await this.of(tenantId, investigationId)),
    };
  }

  /** @returns false when the run is no longer running */
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
    settlement: Settlement,
  ): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `UPDATE model_calls SET input_tokens = $4, output_tokens = $5, cost_usd = $6, failure = $7, ended_at = $8
        WHERE tenant_id = $1 AND investigation_id = $2 AND turn = $3`,
      [
        tenantId,
        investigationId,
        turn,
        settlement.inputTokens,
        settlement.outputTokens,
        settlement.costUsd,
        settlement.failure,
        this.clock.now(),
      ],
    );
  }

  /** In call order. */
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
