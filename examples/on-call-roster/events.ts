import { defineEvent } from '#kernel/events/define-event';
import { IdOf, Text } from '#kernel/http/fields';

class OnCallAssignedData {
  @IdOf('asg') assignmentId!: string;
  @IdOf('inc') incidentId!: string;
  @Text({ max: 200, summary: 'The service whose roster was used' }) service!: string;
  @Text({ max: 200, summary: 'The person on call' }) person!: string;
}

export class OnCallAssigned extends defineEvent({
  type: 'on_call.assigned',
  summary: 'A new incident is assigned to the next person of the roster',
  data: OnCallAssignedData,
  example: {
    assignmentId: 'asg_01HX9VTPQR3KF8MZWBYD5N6JCE',
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    service: 'checkout',
    person: 'Ada Lovelace',
  },
  audience: 'public',
}) {}
