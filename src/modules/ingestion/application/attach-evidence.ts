import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { EvidenceShelf } from '../domain/evidence.js';
import { type EvidenceType, readEvidenceRow } from '../domain/evidence-rows.js';
import { Incidents } from '../domain/incidents.js';

export interface NewEvidence {
  readonly type: EvidenceType;
  readonly source: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** One row as it came, with the line or place it came from. */
export interface RawRow {
  readonly line: number;
  readonly value: unknown;
  /** Why it could not even be parsed. */
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
const REJECTIONS_TOLD = 20;

/** Takes evidence in row by row, so that memory does not grow with the upload. */
@Injectable()
export class AttachEvidence {
  constructor(
    private readonly incidents: Incidents,
    private readonly shelf: EvidenceShelf,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `validation_error` when not one row is usable; nothing is kept then */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    evidence: NewEvidence,
    rows: AsyncIterable<RawRow> | Iterable<RawRow>,
  ): Promise<Attachment> {
    await this.incidents.get(tenantId, incidentId);
    const evidenceId = newId('evd');
    try {
      const { accepted, rejected, told } = await this.store(tenantId, evidenceId, evidence.type, rows);
      if (accepted === 0) throw nothingUsable(told);
      const attachedAt = this.clock.now();
      await this.shelf.addHeader(tenantId, {
        ...evidence,
        evidenceId,
        incidentId,
        accepted,
        rejected,
        attachedAt,
      });
      return { evidenceId, type: evidence.type, source: evidence.source, accepted, rejected: told };
    } catch (error) {
      await this.shelf.dropRows(tenantId, evidenceId);
      throw error;
    }
  }

  private async store(
    tenantId: TenantId,
    evidenceId: string,
    type: EvidenceType,
    rows: AsyncIterable<RawRow> | Iterable<RawRow>,
  ): Promise<{ accepted: number; rejected: number; told: RejectedRow[] }> {
    const told: RejectedRow[] = [];
    let [accepted, rejected, batch, characters] = [0, 0, 0, 0];
    let pending: string[] = [];
    const flush = async (): Promise<void> => {
      if (pending.length === 0) return;
      await this.shelf.addRows(tenantId, evidenceId, batch, `[${pending.join(',')}]`);
      batch += 1;
      characters = 0;
      pending = [];
    };
    for await (const { line, value, fault } of rows) {
      const reading = fault === undefined ? readEvidenceRow(type, value) : { fault };
      if ('fault' in reading) {
        rejected += 1;
        if (told.length < REJECTIONS_TOLD) told.push({ line, message: reading.fault });
        continue;
      }
      accepted += 1;
      const text = JSON.stringify(reading.row);
      pending.push(text);
      characters += text.length;
      if (pending.length >= BATCH_ROWS || characters >= BATCH_CHARACTERS) await flush();
    }
    await flush();
    return { accepted, rejected, told };
  }
}

function nothingUsable(told: readonly RejectedRow[]): Refusal {
  return new Refusal('validation_error', 'There is not one usable row in it.', {
    details: told.map(({ line, message }) => ({ field: `line ${line}`, message })),
  });
}
