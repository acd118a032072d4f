import { Aggregate } from '#kernel/domain/aggregate';
import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import { OnCallAssigned } from './events.js';

/** Who has to look at an incident. */
export class Assignment extends Aggregate {
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
    const assignment = Object.assign(new Assignment(), { tenantId, ...to, assignedAt: now });
    assignment.record(new OnCallAssigned(to));
    return assignment;
  }
}

export abstract class Assignments extends Store<Assignment> {}
