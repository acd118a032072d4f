import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { EvidenceStore } from '../domain/evidence.js';
import { type EvidenceType, readEvidenceRow } from '../domain/evidence-rows.js';
import { Incidents } from '../domain/incidents.js';

export interface NewEvidence {
  readonly type: EvidenceType;
  readonly source: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** A row as it was sent, with its line or array position from 1. */
export interface RawRow {
  readonly line: number;
  readonly value: unknown;
  /** Why it could not be parsed. */
  readonly fault?: string;
}

export interface RejectedRow {
  readonly line: number;
  readonly message: string;
}

export interface Attachment {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly accepted: number;
  readonly rejected: readonly RejectedRow[];
}

const BATCH_ROWS = 1_000;
const BATCH_CHARACTERS = 512 * 1024;
const MAX_REPORTED = 20;

/** Stores evidence row by row, so that memory does not grow with the upload. */
@Injectable()
export class AttachEvidence {
  constructor(
    private readonly incidents: Incidents,
    private readonly store: EvidenceStore,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `validation_error` if no row is usable; nothing is stored then */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    evidence: NewEvidence,
    rows: AsyncIterable<RawRow> | Iterable<RawRow>,
  ): Promise<Attachment> {
    await this.incidents.get(tenantId, incidentId);
    const evidenceId = newId('evd');
    try {
      const { accepted, rejected, reported } = await this.addRows(tenantId, evidenceId, evidence.type, rows);
      if (accepted === 0) throw nothingUsable(reported);
      const attachedAt = this.clock.now();
      await this.store.addHeader(tenantId, {
        ...evidence,
        evidenceId,
        incidentId,
        accepted,
        rejected,
        attachedAt,
      });
      return { evidenceId, type: evidence.type, source: evidence.source, accepted, rejected: reported };
    } catch (error) {
      await this.store.dropRows(tenantId, evidenceId);
      throw error;
    }
  }

  private async addRows(
    tenantId: TenantId,
    evidenceId: string,
    type: EvidenceType,
    rows: AsyncIterable<RawRow> | Iterable<RawRow>,
  ): Promise<{ accepted: number; rejected: number; reported: RejectedRow[] }> {
    const reported: RejectedRow[] = [];
    let accepted = 0;
    let rejected = 0;
    let batch = 0;
    let pending: string[] = [];
    let characters = 0;
    const flush = async (): Promise<void> => {
      if (pending.length === 0) return;
      await this.store.addRows(tenantId, evidenceId, batch, `[${pending.join(',')}]`);
      batch += 1;
      characters = 0;
      pending = [];
    };
    for await (const { line, value, fault } of rows) {
      const reading = fault === undefined ? readEvidenceRow(type, value) : { fault };
      if ('fault' in reading) {
        rejected += 1;
        if (reported.length < MAX_REPORTED) reported.push({ line, message: reading.fault });
        continue;
      }
      accepted += 1;
      const text = JSON.stringify(reading.row);
      pending.push(text);
      characters += text.length;
      if (pending.length >= BATCH_ROWS || characters >= BATCH_CHARACTERS) await flush();
    }
    await flush();
    return { accepted, rejected, reported };
  }
}

function nothingUsable(reported: readonly RejectedRow[]): Refusal {
  return new Refusal('validation_error', 'No row is usable.', {
    details: reported.map(({ line, message }) => ({ field: `line ${line}`, message })),
  });
}
