import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import { OnCallAssigned } from './events.js';

declare module '#kernel/domain/ids' {
  interface IdKinds {
    asg: 'on-call assignment';
  }
}

/** The person on call for an incident. */
export class Assignment extends Aggregate {
  readonly assignmentId!: string;
  readonly incidentId!: string;
  readonly service!: string;
  readonly person!: string;
  readonly assignedAt!: Date;

  private constructor() {
    super();
  }

  static make(
    tenantId: TenantId,
    to: { incidentId: string; service: string; person: string },
    now: Date,
  ): Assignment {
    const given = { assignmentId: newId('asg'), ...to };
    const assignment = Object.assign(new Assignment(), { tenantId, ...given, assignedAt: now });
    assignment.record(new OnCallAssigned(given));
    return assignment;
  }
}

export abstract class Assignments extends Store<Assignment> {}
