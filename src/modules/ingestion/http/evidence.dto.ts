import { AnyJson, IdOf, ListOf, Moment, OneOf, Text, Whole } from '#kernel/http/fields';
import { EVIDENCE_TYPES, type EvidenceType } from '../domain/evidence-rows.js';

export class UploadQuery {
  @OneOf(EVIDENCE_TYPES, { optional: true, summary: 'Required for an upload' }) type?: EvidenceType;
  @Text({ max: 200, optional: true, summary: 'Required for an upload', example: 'loki' }) source?: string;
  @Moment({ optional: true }) startedAt?: string;
  @Moment({ optional: true }) endedAt?: string;
}

export class EvidenceBody {
  @OneOf(EVIDENCE_TYPES) type!: EvidenceType;
  @Text({ max: 200, example: 'kubectl' }) source!: string;
  @AnyJson({
    kinds: ['string', 'object', 'array'],
    summary: 'A text, an object, or an array of rows',
    example: [
      { timestamp: '2026-03-01T12:00:00Z', entity: 'checkout', level: 'error', message: 'pool exhausted' },
    ],
  })
  content!: unknown;
  @Moment({ optional: true }) startedAt?: string;
  @Moment({ optional: true }) endedAt?: string;
}

class RejectedRowView {
  @Whole({ summary: 'Line of the upload or position in the array, from 1' }) line!: number;
  @Text({ max: 500, example: 'has no timestamp' }) message!: string;
}

export class EvidenceAttached {
  @IdOf('evd') evidenceId!: string;
  @OneOf(EVIDENCE_TYPES) type!: EvidenceType;
  @Text({ max: 200, example: 'loki' }) source!: string;
  @Whole({ summary: 'Rows that are stored' }) accepted!: number;
  @ListOf(() => RejectedRowView, { summary: 'The first 20 rejected rows' })
  rejected!: readonly RejectedRowView[];
}

export class EvidenceView {
  @IdOf('evd') evidenceId!: string;
  @OneOf(EVIDENCE_TYPES) type!: EvidenceType;
  @Text({ max: 200, example: 'loki' }) source!: string;
  @Whole({ summary: 'Number of rows' }) accepted!: number;
  @Moment({ nullable: true }) startedAt!: string | null;
  @Moment({ nullable: true }) endedAt!: string | null;
  @Moment() attachedAt!: string;
}

export class EvidencePage {
  @ListOf(() => EvidenceView) items!: readonly EvidenceView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}
