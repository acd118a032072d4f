import type { TenantId } from '../domain/ids.js';

type PayloadClass<D extends object> = new () => D;

/** Who may see an event: `public` ones reach streams and subscriptions, `internal` ones only the timeline and handlers. */
type Audience = 'public' | 'internal';

export interface EventDefinition<D extends object = object> {
  /** `<noun>.<past participle>`, unique in the catalogue. */
  readonly type: string;
  /** When it is published, in one sentence; the documents print it. */
  readonly summary: string;
  /** The class that validates and documents the payload. */
  readonly data: PayloadClass<D>;
  /** A payload that is valid against `data`. */
  readonly example: NoInfer<D>;
  readonly audience?: Audience;
}

/** What the log knows of an event once it is committed. */
export interface Stored {
  readonly id: string;
  readonly seq: number;
  readonly tenantId: TenantId;
  readonly occurredAt: Date;
  readonly correlationId: string | null;
  /** The user or key whose call led here, or null for the system's own doing. */
  readonly actor: string | null;
}

/** The base of all events. One read from the log knows when and where it was stored; one just recorded does not yet. */
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
    if (!this.stored) throw new Error(`${this.type} is not committed yet and has no place in the log`);
    return this.stored;
  }
}

export interface EventClass<D extends object = object> {
  new (data: D, stored?: Stored): DomainEvent<D>;
  readonly definition: Required<EventDefinition<D>>;
}

/** A class made by `defineEvent`, whatever its payload is: what lists of several events hold. */
export interface AnyEventClass {
  new (data: never, stored?: Stored): DomainEvent;
  readonly definition: Required<EventDefinition>;
}

const declared: EventDefinition[] = [];

/** The names of all events of the modules that were loaded. */
export function declaredTypes(): string[] {
  return declared.map(({ type }) => type);
}

/**
 * Declares an event, once. The class it returns is what aggregates record, what `@EventsHandler` listens to, and what
 * the stream, the API documents and the tests are derived from:
 * `export class IncidentCreated extends defineEvent({ type: 'incident.created', … }) {}`
 */
export function defineEvent<D extends object>(definition: EventDefinition<D>): EventClass<D> {
  declared.push(definition);
  return class extends DomainEvent<D> {
    static readonly definition: Required<EventDefinition<D>> = { audience: 'internal', ...definition };
  };
}
