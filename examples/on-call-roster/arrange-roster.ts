import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { Roster, Rosters } from './roster.js';

/** Says who looks after a service, whether or not somebody did before. In transactions of its own: one that fails cannot go on. */
@Injectable()
export class ArrangeRoster {
  constructor(private readonly rosters: Rosters) {}

  async execute(tenantId: TenantId, service: string, people: readonly string[]): Promise<Roster> {
    const roster = Roster.of(tenantId, service, people);
    try {
      await this.rosters.add(roster);
      return roster;
    } catch (error) {
      // Asking first whether it is there would let two callers at once both hear that it is not.
      if (!isUniqueViolation(error)) throw error;
    }
    return this.rosters.change(tenantId, service, (present) => {
      present.arrange(people);
      return present;
    });
  }
}
