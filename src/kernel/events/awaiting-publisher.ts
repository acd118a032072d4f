import { Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { EventBus, type IEventHandler, type IEventPublisher } from '@nestjs/cqrs';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { byTenant } from '../domain/by-tenant.js';
import { StartError } from '../config/start-error.js';
import type { TenantId } from '../domain/ids.js';
import type { Counter } from '../metrics/instruments.js';
import { Metrics } from '../metrics/metrics.js';
import { runInContext } from '../tenancy/call-context.js';
import { DomainEvent } from './define-event.js';
import { runDelivery } from './once.js';
import { contextOf, sharedBatches, type TenantEvents } from './shared-batches.js';

// The metadata key of @EventsHandler, which the package does not export. test/kernel pins it.
const EVENTS_HANDLER_METADATA = '__eventsHandler__';

/** An `@EventsHandler` that takes events in batches, each tenant's in order. Its `handle` is not called. */
export interface BatchHandler<E extends DomainEvent = DomainEvent> extends IEventHandler<E> {
  /**
   * Set when a batch may hold events of several tenants, handled in one transaction. When such a batch fails, each tenant's
   * events are delivered alone.
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
 * Replaces the default publisher of Nest's EventBus, which returns before its handlers have run and swallows their errors.
 * This one awaits every `@EventsHandler` and returns which of them failed.
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
      // One object for all events of a handler: it is the key by which a batch is gathered.
      const named = { name: metatype.name, instance: instance as NamedHandler['instance'] };
      for (const event of events ?? []) {
        if (!(event.prototype instanceof DomainEvent))
          throw new StartError(
            `${metatype.name} listens to ${event.name}, which defineEvent did not make: it would never be called.`,
          );
        this.handlers.set(event, [...(this.handlers.get(event) ?? []), named]);
      }
    }
  }

  /** Called by `EventBus.publish`. Such an event is in no log: a crash would lose it, and no other replica would get it. */
  publish(event: object): never {
    const { name } = event.constructor;
    throw new Error(
      `${name} was published on the EventBus: events are recorded by aggregates and come from the log`,
    );
  }

  /**
   * @param events of any tenants, each tenant's in the order of its log
   * @returns for each tenant the handlers that failed; resolves when its own events were handled, however slow other tenants are
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
      [...perTenant].map(([tenantId, own]) => [tenantId, this.settle(own, failures.get(tenantId) ?? [])]),
    );
  }

  private async settle(
    events: readonly DomainEvent[],
    failures: readonly Failures[],
  ): Promise<HandlerFailure[]> {
    const failed = (await Promise.all(failures)).flat();
    // A best-effort, in-process signal for `@OnEvent` listeners; nothing that must happen depends on it.
    for (const event of events) this.signal(event);
    return failed;
  }

  private signal(event: DomainEvent): void {
    try {
      this.signals.emit(event.type, event);
    } catch (error) {
      this.log.warn(error, `An @OnEvent listener failed on ${event.type}`);
    }
  }

  /** Delivers an event again, to the handlers of this name. @throws Error when one of them fails, or when there is none */
  async redeliver(handlerName: string, event: DomainEvent): Promise<void> {
    const owed = (this.handlers.get(event.constructor) ?? []).filter(({ name }) => name === handlerName);
    // It may have been renamed since the failure. The event must not count as handled.
    if (owed.length === 0) throw new Error(`No ${handlerName} listens to ${event.type}`);
    // To all of them: two modules may use the same name, and one that goes on failing must not delay the other.
    const deliveries = owed.map((handler) => this.deliverAlone(handler, [event.tenantId, [event]]));
    const [failure] = (await Promise.all(deliveries)).flat();
    if (failure) throw failure.error;
  }

  /** Delivers events of different tenants in parallel, and a shared batch that fails again, tenant by tenant. */
  private deliver(handler: NamedHandler, events: readonly DomainEvent[]): [TenantId, Failures][] {
    const tenants = [...byTenant(events)];
    const batches = handler.instance.takesSeveralTenants
      ? sharedBatches(tenants)
      : tenants.map((tenant) => [tenant]);
    return batches.flatMap((batch) => {
      const delivered = this.deliverTogether(handler, batch);
      return batch.map((tenant): [TenantId, Failures] => [
        tenant[0],
        delivered.then((isDone) => (isDone ? [] : this.deliverAlone(handler, tenant))),
      ]);
    });
  }

  /** @returns false when each tenant's events are still to be delivered alone, so that only the tenant that causes a failure fails */
  private async deliverTogether(
    { name, instance }: NamedHandler,
    tenants: readonly TenantEvents[],
  ): Promise<boolean> {
    const { handleMany } = instance;
    if (!handleMany || tenants.length === 1) return false;
    const events = tenants.flatMap(([, own]) => own);
    try {
      await runInContext(contextOf(events), () =>
        runDelivery(name, events, () => handleMany.call(instance, events as [DomainEvent, ...DomainEvent[]])),
      );
      return true;
    } catch (error) {
      this.log.warn(error, `${name} failed on a batch of ${tenants.length} tenants; delivering each alone`);
      return false;
    }
  }

  private async deliverAlone(
    { name, instance }: NamedHandler,
    [tenantId, events]: TenantEvents,
  ): Promise<HandlerFailure[]> {
    const failures: HandlerFailure[] = [];
    const attempt = async (batch: DomainEvent[], work: () => Promise<void>): Promise<void> => {
      try {
        await runInContext(contextOf(batch), () => runDelivery(name, events, work));
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
    const attemptBatch = (batch: DomainEvent[]): Promise<void> =>
      attempt(batch, () => handleMany.call(instance, batch as [DomainEvent, ...DomainEvent[]]));
    await attemptBatch(events);
    if (failures.length === 0 || events.length === 1) return failures;
    // One bad event must not fail its whole batch, so a failed batch is delivered event by event.
    failures.length = 0;
    for (const event of events) await attemptBatch([event]);
    return failures;
  }
}
