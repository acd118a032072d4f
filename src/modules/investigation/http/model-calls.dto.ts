import { CountsByName, Field, IdOf, ListOf, Moment, Text, Whole } from '#kernel/http/fields';

class ModelCallView {
  @Whole({ min: 1 }) turn!: number;
  @Text({ max: 64, example: 'openai-compatible' }) provider!: string;
  @Text({ max: 200, example: 'gpt-4o-mini' }) model!: string;
  @Text({ max: 64, summary: 'SHA-256 of what left, masked, in hex', example: '9f86d081…' }) sentHash!: string;
  @Whole({}) sentBytes!: number;
  @CountsByName({ summary: 'How often each masking rule matched', example: { email: 3 } })
  masked!: Readonly<Record<string, number>>;
  @Whole({}) reservedTokens!: number;
  @Field({ type: 'number', example: 0.02 }) reservedUsd!: number;
  @Whole({ nullable: true }) inputTokens!: number | null;
  @Whole({ nullable: true }) outputTokens!: number | null;
  @Field({ type: 'number', nullable: true, example: 0.004 }) costUsd!: number | null;
  @Text({ max: 500, nullable: true, summary: 'Why there was no response: “it …”' }) failure!: string | null;
  @Moment() startedAt!: string;
  @Moment({ nullable: true }) endedAt!: string | null;
}

export class ModelCallList {
  @IdOf('inv') investigationId!: string;
  @ListOf(() => ModelCallView) items!: readonly ModelCallView[];
}

export class ModelCallsQuery {
  @IdOf('inv', { optional: true, summary: 'Id of an earlier run; defaults to the latest run' })
  investigationId?: string;
}
