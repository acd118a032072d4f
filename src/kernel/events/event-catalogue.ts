import type { DomainEvent, AnyEventClass } from './define-event.js';
import type { LoggedEvent } from './logged-event.js';

/** Every event that this installation can publish: the product's own and those of extensions. */
export class EventCatalogue {
  private readonly byType = new Map<string, AnyEventClass>();
  /** The events that leave the building, in the order of their declaration. */
  readonly published: readonly AnyEventClass[];
  /** Their names. */
  readonly publishedTypes: readonly string[];

  constructor(events: readonly AnyEventClass[]) {
    for (const event of events) {
      if (this.byType.has(event.definition.type))
        throw new Error(`${event.definition.type} is declared twice`);
      this.byType.set(event.definition.type, event);
    }
    this.published = events.filter(({ definition }) => definition.audience === 'public');
    this.publishedTypes = this.published.map(({ definition }) => definition.type);
  }

  /** An event of the log as the class that its handlers listen to; undefined when no module declares it any more. */
  revive(logged: LoggedEvent): DomainEvent | undefined {
    const declared = this.byType.get(logged.type);
    return declared && new declared(JSON.parse(logged.data) as never, logged);
  }
}
