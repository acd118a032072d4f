import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { EventBus, type IEventHandler, type IEventPublisher } from '@nestjs/cqrs';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { Counter } from '../metrics/instruments.js';
import { Metrics } from '../metrics/metrics.js';
import { runInContext } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';
import { tell } from './once.js';

// What @EventsHandler writes on a class; the package does not export the name. test/kernel pins it.
const EVENTS_HANDLER_METADATA = '__eventsHandler__';

/** An `@EventsHandler` may take the events of one tenant in batches; it then gets them in order, and only so. */
export interface BatchHandler<E extends DomainEvent = DomainEvent> extends IEventHandler<E> {
  handleMany(events: readonly [E, ...E[]]): Promise<void>;
}

export interface HandlerFailure {
  readonly handler: string;
  readonly events: readonly DomainEvent[];
  readonly error: unknown;
}

interface NamedHandler {
  readonly name: string;
  readonly instance: IEventHandler<DomainEvent> & Partial<BatchHandler>;
}

/**
 * Stands on Nest's EventBus in the place of the default publisher, which returns before its handlers have run and
 * swallows what they throw. This one waits for every `@EventsHandler` and tells which of them failed.
 */
@Injectable()
export class AwaitingPublisher implements IEventPublisher<DomainEvent>, OnModuleInit {
  private readonly handlers = new Map<unknown, NamedHandler[]>();
  private readonly relayed: Counter;

  constructor(
    private readonly bus: EventBus<DomainEvent>,
    private readonly discovery: DiscoveryService,
    private readonly signals: EventEmitter2,
    metrics: Metrics,
  ) {
    this.relayed = metrics.counter(
      'causeflow_events_relayed',
      'Events this process handed to their handlers',
    );
  }

  onModuleInit(): void {
    this.bus.publisher = this;
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!instance || !metatype) continue;
      const events = Reflect.getMetadata(EVENTS_HANDLER_METADATA, metatype) as unknown[] | undefined;
      // One for all its events: what it takes in a batch is gathered by it.
      const named = { name: metatype.name, instance: instance as NamedHandler['instance'] };
      for (const event of events ?? []) {
        this.handlers.set(event, [...(this.handlers.get(event) ?? []), named]);
      }
    }
  }

  async publish(event: DomainEvent): Promise<HandlerFailure[]> {
    return this.publishAll([event]);
  }

  /** @param events of one tenant, in the order of its log */
  async publishAll(events: DomainEvent[]): Promise<HandlerFailure[]> {
    this.relayed.add(events.length);
    const perHandler = new Map<NamedHandler, DomainEvent[]>();
    for (const event of events) {
      for (const handler of this.handlers.get(event.constructor) ?? []) {
        const own = perHandler.get(handler);
        if (own) own.push(event);
        else perHandler.set(handler, [event]);
      }
    }
    const failures = await Promise.all([...perHandler].map(([handler, own]) => this.deliver(handler, own)));
    // In-process signals for whoever wants a wake-up and no promise: never the only carrier of a fact.
    for (const event of events) this.signals.emit(event.type, event);
    return failures.flat();
  }

  /** Delivers to the handlers of one name again: what the relay asks for after a failure. */
  async redeliver(handlerName: string, event: DomainEvent): Promise<void> {
    for (const handler of this.handlers.get(event.constructor) ?? []) {
      const [failure] = handler.name === handlerName ? await this.deliver(handler, [event]) : [];
      if (failure) throw failure.error;
    }
  }

  private async deliver({ name, instance }: NamedHandler, events: DomainEvent[]): Promise<HandlerFailure[]> {
    const failures: HandlerFailure[] = [];
    const attempt = async (batch: DomainEvent[], work: () => Promise<void>): Promise<void> => {
      const correlationId = batch[0]?.correlationId ?? null;
      try {
        await runInContext({ correlationId, actor: null }, () => tell(name, events, work));
      } catch (error) {
        failures.push({ handler: name, events: batch, error });
      }
    };
    const { handleMany } = instance;
    if (!handleMany) {
      for (const event of events)
        await attempt([event], async () => {
          await instance.handle(event);
        });
      return failures;
    }
    const all = (batch: DomainEvent[]): Promise<void> =>
      attempt(batch, () => handleMany.call(instance, batch as [DomainEvent, ...DomainEvent[]]));
    await all(events);
    if (failures.length === 0 || events.length === 1) return failures;
    // One bad event must not take its whole batch along, so a failed batch is told event by event.
    failures.length = 0;
    for (const event of events) await all([event]);
    return failures;
  }
}
