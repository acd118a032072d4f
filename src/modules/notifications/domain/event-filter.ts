import { checkPatterns, expandPatterns } from './event-patterns.js';

interface FilterQuery {
  /** Comma-separated names and wildcards: `incident.*,remediation.proposed`. All events when absent. */
  readonly events?: string | undefined;
  readonly incidentId?: string | undefined;
}

/** Selects events of a tenant for a subscriber. Subscribers whose filters have the same key are sent the same bytes. */
export class EventFilter {
  private constructor(
    readonly types: readonly string[],
    readonly incidentId: string | undefined,
  ) {}

  /**
   * @param published all event types
   * @throws Refusal `validation_error` for a pattern that matches none of them
   */
  static of({ events, incidentId }: FilterQuery, published: readonly string[]): EventFilter {
    const patterns = (events ?? '*').split(',').map((pattern) => pattern.trim());
    checkPatterns(patterns, published);
    return new EventFilter(expandPatterns(patterns, published), incidentId);
  }

  get key(): string {
    return `${this.incidentId ?? '*'} ${this.types.join()}`;
  }

  matches(event: { readonly type: string; readonly incidentId: string | null }): boolean {
    if (this.incidentId !== undefined && event.incidentId !== this.incidentId) return false;
    return this.types.includes(event.type);
  }
}
