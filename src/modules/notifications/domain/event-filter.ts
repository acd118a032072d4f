import { invalid } from '#kernel/domain/errors';

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
    const wanted = new Set((events ?? '*').split(',').flatMap((name) => matching(name.trim(), published)));
    return new EventFilter(
      published.filter((type) => wanted.has(type)),
      incidentId,
    );
  }

  get key(): string {
    return `${this.incidentId ?? '*'} ${this.types.join()}`;
  }

  lets(event: { readonly type: string; readonly incidentId: string | null }): boolean {
    if (this.incidentId !== undefined && event.incidentId !== this.incidentId) return false;
    return this.types.includes(event.type);
  }
}

function matching(name: string, published: readonly string[]): readonly string[] {
  const matches =
    name === '*'
      ? published
      : published.filter((type) =>
          name.endsWith('.*') ? type.startsWith(name.slice(0, -1)) : type === name,
        );
  if (matches.length === 0) {
    const rule = 'must be names of events or wildcards like incident.*, separated by commas';
    throw invalid('events', `${rule}; "${name.slice(0, 50)}" fits no event`);
  }
  return matches;
}
