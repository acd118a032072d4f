import { checkNames, eventsNamed } from './event-names.js';

interface Wish {
  /** Names and wildcards, separated by commas: `incident.*,remediation.proposed`. All events when absent. */
  readonly events?: string | undefined;
  readonly incidentId?: string | undefined;
}

/** Which of a tenant's events a reader wants. Readers whose filters have the same key are sent the same bytes. */
export class EventFilter {
  private constructor(
    readonly types: readonly string[],
    readonly incidentId: string | undefined,
  ) {}

  /**
   * @param published the names of all events there are
   * @throws Refusal `validation_error` for a name that fits none of them
   */
  static of({ events, incidentId }: Wish, published: readonly string[]): EventFilter {
    const names = (events ?? '*').split(',').map((name) => name.trim());
    checkNames(names, published);
    return new EventFilter(eventsNamed(names, published), incidentId);
  }

  get key(): string {
    return `${this.incidentId ?? '*'} ${this.types.join()}`;
  }

  lets(event: { readonly type: string; readonly incidentId: string | null }): boolean {
    if (this.incidentId !== undefined && event.incidentId !== this.incidentId) return false;
    return this.types.includes(event.type);
  }
}
