import { AnyObject, CountsByName, Field, ObjectOf, OneOf, Text } from '#kernel/http/fields';
import { FAILURE_MODES, type FailureMode } from '../domain/platform/failure-mode.js';

export class EvalCaseBody {
  @Text({
    max: 500,
    optional: true,
    nullable: true,
    summary: 'The entity at fault; null if there was none. Defaults to the result of the run',
    example: 'checkout',
  })
  rootCauseEntity?: string | null;
  @Text({
    max: 64,
    optional: true,
    summary: 'Full SHA of the guilty commit, or `none`',
    example: '7dacc6c8a3c3fe7053afd5d8518ffef1f9843baa',
  })
  rootCauseCommit?: string;
  @OneOf(FAILURE_MODES, { optional: true }) failureMode?: FailureMode;
}

class EvalLabelView {
  @Field({ type: 'string', example: 'own' }) dataset!: string;
  @Text({ max: 500, nullable: true, example: 'checkout' }) root_cause_entity!: string | null;
  @Text({ max: 64, optional: true, example: '7dacc6c8a3c3fe7053afd5d8518ffef1f9843baa' })
  root_cause_commit?: string;
  @Text({ max: 64, optional: true, example: 'oom_killed' }) failure_mode?: string;
  @OneOf(['recorded']) kind!: 'recorded';
}

export class EvalCaseView {
  @AnyObject({
    summary: 'The case file, format `rca-case/1`: save it as `<id>.json`, and list it in `manifest.json`',
    example: { schema: 'rca-case/1', id: 'own-3fdba35f04dc', dataset: 'own' },
  })
  case!: object;
  @ObjectOf(() => EvalLabelView, {
    summary: 'The entry for `labels.json`; the case itself does not contain the label',
  })
  label!: EvalLabelView;
  @OneOf(['person', 'run'], { summary: 'Whether the label comes from this request or from the run' })
  labelledBy!: 'person' | 'run';
  @CountsByName({ summary: 'How often each masking rule matched', example: { email: 3 } })
  masked!: Readonly<Record<string, number>>;
}
