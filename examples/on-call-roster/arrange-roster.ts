import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { Roster, Rosters } from './roster.js';

/** Creates or replaces the roster of a service. The insert has its own transaction, since a failed one cannot continue. */
@Injectable()
export class ArrangeRoster {
  constructor(private readonly rosters: Rosters) {}

  async execute(tenantId: TenantId, service: string, people: readonly string[]): Promise<Roster> {
    const roster = Roster.of(tenantId, service, people);
    try {
      await this.rosters.add(roster);
      return roster;
    } catch (error) {
      // Checking first would race: two concurrent callers could both find no roster.
      if (!isUniqueViolation(error)) throw error;
    }
    return this.rosters.change(tenantId, service, (existing) => {
      existing.arrange(people);
      return existing;
    });
  }
}
