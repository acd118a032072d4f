import { words } from '#kernel/domain/words';
import { IdOf, ListOf, Moment, OneOf, Text } from '#kernel/http/fields';
import { Link } from '#kernel/http/link';
import { PageQuery } from '#kernel/http/page';

const RECORDED_CHANGES = words('ChangeType', ['deploy', 'config', 'flag', 'schema', 'infra']);
type RecordedChangeType = (typeof RECORDED_CHANGES)[number];

export class RecordChangeBody {
  @OneOf(RECORDED_CHANGES) type!: RecordedChangeType;
  @Text({ max: 200, example: 'checkout' }) service!: string;
  @Text({ max: 200, optional: true, nullable: true, example: 'production' }) environment?: string | null;
  @Text({ max: 200, optional: true, nullable: true, example: 'v42' }) version?: string | null;
  @Text({ max: 2000, example: 'Use the new connection pool' }) summary!: string;
  @Link({ optional: true, nullable: true, example: 'https://ci.example.com/deploys/42' })
  url?: string | null;
  @Moment({ optional: true, summary: 'Defaults to now' }) occurredAt?: string;
}

export class ListChangesQuery extends PageQuery {
  @Text({ max: 200, optional: true }) service?: string;
  @OneOf(RECORDED_CHANGES, { optional: true }) type?: RecordedChangeType;
  @Moment({ optional: true, summary: 'Occurred at or after' }) from?: string;
  @Moment({ optional: true, summary: 'Occurred before' }) to?: string;
}

export class ChangeView {
  @IdOf('chg') changeId!: string;
  @OneOf(RECORDED_CHANGES) type!: RecordedChangeType;
  @Text({ max: 200, example: 'checkout' }) service!: string;
  @Text({ max: 200, nullable: true, example: 'production' }) environment!: string | null;
  @Text({ max: 200, nullable: true, example: 'v42' }) version!: string | null;
  @Text({ max: 2000, example: 'Use the new connection pool' }) summary!: string;
  @Text({ max: 2000, nullable: true }) url!: string | null;
  @Moment() occurredAt!: string;
}

export class ChangePage {
  @ListOf(() => ChangeView) items!: readonly ChangeView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}
