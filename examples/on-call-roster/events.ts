import { defineEvent } from '#kernel/events/define-event';
import { IdOf, Text } from '#kernel/http/fields';

class OnCallAssignedData {
  @IdOf('asg') assignmentId!: string;
  @IdOf('inc') incidentId!: string;
  @Text({ max: 200, summary: 'The service whose roster was asked' }) service!: string;
  @Text({ max: 200, summary: 'Who has to look at it' }) person!: string;
}

export class OnCallAssigned extends defineEvent({
  type: 'on_call.assigned',
  summary: 'The person whose turn it is has to look at a new incident',
  data: OnCallAssignedData,
  example: {
    assignmentId: 'asg_01HX9VTPQR3KF8MZWBYD5N6JCE',
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    service: 'checkout',
    person: 'Ada Lovelace',
  },
  audience: 'public',
}) {}
