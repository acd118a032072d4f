import { IdOf, Moment, Text, Texts } from '#kernel/http/fields';

export class RosterBody {
  @Texts({
    max: 100,
    maxLength: 200,
    summary: 'Names, in rotation order',
    example: ['Ada', 'Grace'],
  })
  people!: string[];
}

export class RosterView {
  @Text({ max: 200, example: 'checkout' }) service!: string;
  @Texts({ example: ['Ada', 'Grace'] }) people!: readonly string[];
  @Text({ max: 200, summary: 'The person who gets the next incident', example: 'Grace' }) next!: string;
}

export class AssignmentView {
  @IdOf('asg') assignmentId!: string;
  @IdOf('inc') incidentId!: string;
  @Text({ max: 200, example: 'checkout' }) service!: string;
  @Text({ max: 200, example: 'Ada' }) person!: string;
  @Moment() assignedAt!: string;
}
