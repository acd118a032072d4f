import type { TenantId } from '../domain/ids.js';

type PayloadClass<D extends object> = new () => D;

/** `public` events reach streams and subscriptions, `internal` ones only the timeline and handlers. */
type Audience = 'public' | 'internal';

export interface EventDefinition<D extends object = object> {
  /** `<noun>.<past participle>`, unique in the catalogue. */
  readonly type: string;
  /** When it is published, in one sentence, for the API documents. */
  readonly summary: string;
  /** The class that validates and documents the payload. */
  readonly data: PayloadClass<D>;
  /** A payload that is valid against `data`. */
  readonly example: NoInfer<D>;
  readonly audience?: Audience;
}

/** What the log adds to an event when it is committed. */
export interface Stored {
  readonly id: string;
  readonly seq: number;
  readonly tenantId: TenantId;
  readonly occurredAt: Date;
  readonly correlationId: string | null;
  /** The user or API key whose call caused the event; null when the system did. */
  readonly actor: string | null;
}

/** The base class of all events. `stored` is set on events read from the log, and not on those just recorded. */
export class DomainEvent<D extends object = object> {
  constructor(
    readonly data: D,
    private readonly stored?: Stored,
  ) {}

  get type(): string {
    return (this.constructor as unknown as EventClass).definition.type;
  }
  get id(): string {
    return this.log.id;
  }
  get seq(): number {
    return this.log.seq;
  }
  get tenantId(): TenantId {
    return this.log.tenantId;
  }
  get occurredAt(): Date {
    return this.log.occurredAt;
  }
  get correlationId(): string | null {
    return this.log.correlationId;
  }
  get actor(): string | null {
    return this.log.actor;
  }

  private get log(): Stored {
    if (!this.stored) throw new Error(`${this.type} is not committed yet and has no sequence number`);
    return this.stored;
  }
}

export interface EventClass<D extends object = object> {
  new (data: D, stored?: Stored): DomainEvent<D>;
  readonly definition: Required<EventDefinition<D>>;
}

/** A class made by `defineEvent`, with any payload: the element type of lists of events. */
export interface AnyEventClass {
  new (data: never, stored?: Stored): DomainEvent;
  readonly definition: Required<EventDefinition>;
}

const declared: EventDefinition[] = [];

/** The types of all events that the loaded modules declare. */
export function declaredTypes(): string[] {
  return declared.map(({ type }) => type);
}

/**
 * Declares an event. Aggregates record instances of the returned class, `@EventsHandler` listens to it, and the stream, the API
 * documents and the tests are derived from it:
 * `export class IncidentCreated extends defineEvent({ type: 'incident.created', … }) {}`
 */
export function defineEvent<D extends object>(definition: EventDefinition<D>): EventClass<D> {
  declared.push(definition);
  return class extends DomainEvent<D> {
    static readonly definition: Required<EventDefinition<D>> = { audience: 'internal', ...definition };
  };
}
