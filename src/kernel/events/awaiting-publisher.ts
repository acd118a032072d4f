import { Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { EventBus, type IEventHandler, type IEventPublisher } from '@nestjs/cqrs';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { byTenant } from '../domain/by-tenant.js';
import type { TenantId } from '../domain/ids.js';
import type { Counter } from '../metrics/instruments.js';
import { Metrics } from '../metrics/metrics.js';
import { runInContext } from '../tenancy/call-context.js';
import { DomainEvent } from './define-event.js';
import { tell } from './once.js';
import { contextOf, type OfTenant, shared } from './shared-batches.js';

// What @EventsHandler writes on a class; the package does not export the name. test/kernel pins it.
const EVENTS_HANDLER_METADATA = '__eventsHandler__';

/** An `@EventsHandler` may take the events of one tenant in batches; it then gets them in order, and only so. */
export interface BatchHandler<E extends DomainEvent = DomainEvent> extends IEventHandler<E> {
  /**
   * Says that a batch may be of several tenants, each one's events in order, for all of whom it acts in one transaction.
   * When it fails on them, it is told of each tenant alone.
   */
  readonly takesSeveralTenants?: true;
  handleMany(events: readonly [E, ...E[]]): Promise<void>;
}

export interface HandlerFailure {
  readonly tenantId: TenantId;
  readonly handler: string;
  readonly events: readonly DomainEvent[];
  readonly error: unknown;
}

type Failures = Promise<HandlerFailure[]>;

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
  private readonly log = new Logger(AwaitingPublisher.name);
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
      const events = Reflect.getMetadata(EVENTS_HANDLER_METADATA, metatype) as Type[] | undefined;
      // One for all its events: what it takes in a batch is gathered by it.
      const named = { name: metatype.name, instance: instance as NamedHandler['instance'] };
      for (const event of events ?? []) {
        if (!(event.prototype instanceof DomainEvent))
          throw new Error(
            `${metatype.name} listens to ${event.name}, which defineEvent did not make: it is never told`,
          );
        this.handlers.set(event, [...(this.handlers.get(event) ?? []), named]);
      }
    }
  }

  /** Of the EventBus. What is handed to that is in no log: a crash would lose it, and no other replica hears of it. */
  publish(event: object): never {
    const { name } = event.constructor;
    throw new Error(
      `${name} was handed to the EventBus: events are recorded by aggregates and come from the log`,
    );
  }

  /**
   * @param events of any tenants, each one's in the order of its log
   * @returns of each tenant which handlers failed, as soon as all of hers were told
   */
  publishEach(events: readonly DomainEvent[]): Map<TenantId, Promise<HandlerFailure[]>> {
    this.relayed.add(events.length);
    const perHandler = new Map<NamedHandler, DomainEvent[]>();
    for (const event of events) {
      for (const handler of this.handlers.get(event.constructor) ?? []) {
        const own = perHandler.get(handler);
        if (own) own.push(event);
        else perHandler.set(handler, [event]);
      }
    }
    const perTenant = byTenant(events);
    const failures = new Map([...perTenant.keys()].map((tenantId) => [tenantId, [] as Failures[]]));
    for (const [handler, own] of perHandler)
      for (const [tenantId, failed] of this.deliver(handler, own)) failures.get(tenantId)?.push(failed);
    return new Map(
      [...perTenant].map(([tenantId, own]) => [tenantId, this.toldOf(own, failures.get(tenantId) ?? [])]),
    );
  }

  private async toldOf(
    events: readonly DomainEvent[],
    failures: readonly Failures[],
  ): Promise<HandlerFailure[]> {
    const failed = (await Promise.all(failures)).flat();
    // In-process signals for whoever wants a wake-up and no promise: never the only carrier of a fact.
    for (const event of events) this.signal(event);
    return failed;
  }

  private signal(event: DomainEvent): void {
    try {
      this.signals.emit(event.type, event);
    } catch (error) {
      this.log.warn(error, `Somebody who listens for signals failed on ${event.type}`);
    }
  }

  /** Delivers to the handlers of one name again: what the relay asks for after a failure. Throws when there are none. */
  async redeliver(handlerName: string, event: DomainEvent): Promise<void> {
    const owed = (this.handlers.get(event.constructor) ?? []).filter(({ name }) => name === handlerName);
    // Was it called otherwise in the version that failed? What it is owed must not be taken for done.
    if (owed.length === 0) throw new Error(`No ${handlerName} listens to ${event.type}`);
    // All of them: one of a module that goes on failing must not keep its namesake of another one waiting.
    const told = owed.map((handler) => this.deliverAlone(handler, [event.tenantId, [event]]));
    const [failure] = (await Promise.all(told)).flat();
    if (failure) throw failure.error;
  }

  /** Tells a handler of different tenants side by side. What fails on several is told of each alone. */
  private deliver(handler: NamedHandler, events: readonly DomainEvent[]): [TenantId, Failures][] {
    const tenants = [...byTenant(events)];
    const batches = handler.instance.takesSeveralTenants ? shared(tenants) : tenants.map((own) => [own]);
    return batches.flatMap((batch) => {
      const areTold = this.tellTogether(handler, batch);
      return batch.map((own): [TenantId, Failures] => [
        own[0],
        areTold.then((told) => (told ? [] : this.deliverAlone(handler, own))),
      ]);
    });
  }

  /** @returns whether they are told; otherwise each is to be told alone, so that only the one it fails on goes on failing */
  private async tellTogether(
    { name, instance }: NamedHandler,
    tenants: readonly OfTenant[],
  ): Promise<boolean> {
    const { handleMany } = instance;
    if (!handleMany || tenants.length === 1) return false;
    const events = tenants.flatMap(([, own]) => own);
    try {
      await runInContext(contextOf(events), () =>
        tell(name, events, () => handleMany.call(instance, events as [DomainEvent, ...DomainEvent[]])),
      );
      return true;
    } catch (error) {
      this.log.warn(error, `${name} failed on ${tenants.length} tenants together; it is told of each alone`);
      return false;
    }
  }

  private async deliverAlone(
    { name, instance }: NamedHandler,
    [tenantId, events]: OfTenant,
  ): Promise<HandlerFailure[]> {
    const failures: HandlerFailure[] = [];
    const attempt = async (batch: DomainEvent[], work: () => Promise<void>): Promise<void> => {
      try {
        await runInContext(contextOf(batch), () => tell(name, events, work));
      } catch (error) {
        failures.push({ tenantId, handler: name, events: batch, error });
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
