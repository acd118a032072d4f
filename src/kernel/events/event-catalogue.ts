import { StartError } from '../config/start-error.js';
import { type DomainEvent, type AnyEventClass, declaredTypes } from './define-event.js';
import type { LoggedEvent } from './logged-event.js';

/** Every event type of this installation: the product's own and those of extensions. */
export class EventCatalogue {
  private readonly byType = new Map<string, AnyEventClass>();
  /** Those with the audience `public`, in the order of their declaration. */
  readonly published: readonly AnyEventClass[];
  readonly publishedTypes: readonly string[];

  constructor(events: readonly AnyEventClass[]) {
    for (const event of events) {
      if (!isDeclared(event))
        throw new StartError(
          `An Extension lists ${String(event)} among its \`events\`: list classes that \`defineEvent\` made.`,
        );
      if (this.byType.has(event.definition.type))
        throw new StartError(`${event.definition.type} is declared twice: rename one of the events.`);
      this.byType.set(event.definition.type, event);
    }
    this.published = events.filter(({ definition }) => definition.audience === 'public');
    this.publishedTypes = this.published.map(({ definition }) => definition.type);
  }

  /** @throws StartError for an event that is declared but not in the list: it would be stored and never delivered */
  static ofAll(events: readonly AnyEventClass[]): EventCatalogue {
    const catalogue = new EventCatalogue(events);
    const forgotten = declaredTypes().find((type) => !catalogue.byType.has(type));
    if (forgotten === undefined) return catalogue;
    throw new StartError(
      `${forgotten} is declared and in no list of events: put it into the \`events\` of its Extension.`,
    );
  }

  /** Turns a logged event into the class that its handlers listen to; undefined when no module declares that class any more. */
  revive(logged: LoggedEvent): DomainEvent | undefined {
    const declared = this.byType.get(logged.type);
    return declared && new declared(JSON.parse(logged.data) as never, logged);
  }
}

/** Extensions of JavaScript list anything. */
function isDeclared(event: Partial<AnyEventClass> | undefined): boolean {
  return event?.definition !== undefined;
}
