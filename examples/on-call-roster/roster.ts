import { Aggregate } from '#kernel/domain/aggregate';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';

/** The rotation of people on call for a service. */
export class Roster extends Aggregate {
  readonly service!: string;
  people!: readonly string[];
  turn!: number;

  private constructor() {
    super();
  }

  static of(tenantId: TenantId, service: string, people: readonly string[]): Roster {
    if (service.length > 200) throw invalid('service', 'must have at most 200 characters');
    const roster = Object.assign(new Roster(), { tenantId, service });
    roster.arrange(people);
    return roster;
  }

  /** Replaces the rotation and restarts it with its first person. */
  arrange(people: readonly string[]): void {
    if (people.length === 0) throw invalid('people', 'must name at least one person');
    this.people = people;
    this.turn = 0;
  }

  get next(): string {
    return this.people[this.turn] ?? '';
  }

  /** @returns the person whose turn it was */
  takeTurn(): string {
    const person = this.next;
    this.turn = (this.turn + 1) % this.people.length;
    return person;
  }
}

export abstract class Rosters extends Store<Roster> {}
