import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import { EventBus, EventsHandler } from '@nestjs/cqrs';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { newTenantId } from '../domain/ids.js';
import { Metrics } from '../metrics/metrics.js';
import { callContext } from '../tenancy/call-context.js';
import { AwaitingPublisher, type BatchHandler, type HandlerFailure } from './awaiting-publisher.js';
import { defineEvent, type DomainEvent, type Stored } from './define-event.js';

class Door {
  door = 'front';
}
const about = (type: string) => ({ type, summary: type, data: Door, example: new Door() });
class Opened extends defineEvent(about('door.opened')) {}
class Shut extends defineEvent(about('door.shut')) {}

@EventsHandler(Opened, Shut)
class Doorman {
  readonly batches: (readonly DomainEvent[])[] = [];
  handle(): void {
    throw new Error('It takes batches');
  }
  handleMany(events: readonly DomainEvent[]): Promise<void> {
    this.batches.push(events);
    return Promise.resolve();
  }
}

/** Takes batches of several tenants, and fails on those that contain the poison event. */
@EventsHandler(Opened)
class Porter implements BatchHandler {
  readonly takesSeveralTenants = true;
  readonly batches: (readonly DomainEvent[])[] = [];
  readonly correlationIds: (string | null)[][] = [];
  constructor(private readonly poison?: DomainEvent) {}
  handle(): void {
    throw new Error('It takes batches');
  }
  handleMany(events: readonly DomainEvent[]): Promise<void> {
    this.batches.push(events);
    this.correlationIds.push(events.map(({ tenantId }) => callContext(tenantId).correlationId));
    return events.some((event) => event === this.poison)
      ? Promise.reject(new Error('not this one'))
      : Promise.resolve();
  }
}

const signals = new EventEmitter2();

function publisherFor(...handlers: object[]): AwaitingPublisher {
  const discovery = {
    getProviders: () => handlers.map((instance) => ({ instance, metatype: instance.constructor })),
  };
  const publisher = new AwaitingPublisher(
    {} as EventBus<DomainEvent>,
    discovery as unknown as DiscoveryService,
    signals,
    new Metrics(),
  );
  publisher.onModuleInit();
  return publisher;
}

const deliver = async (
  publisher: AwaitingPublisher,
  events: readonly DomainEvent[],
): Promise<HandlerFailure[]> => (await Promise.all(publisher.publishEach(events).values())).flat();

const tenantId = newTenantId();
const stored = (seq: number, more: Partial<Stored> = {}): Stored => ({
  ...{ id: `evt_${seq}`, seq, tenantId, occurredAt: new Date(0), correlationId: null, actor: null },
  ...more,
});
/** Events of several tenants: one tenant for each count, with that many events. */
const openedBy = (...counts: number[]): DomainEvent[][] =>
  counts.map((count, at) => {
    const own = { tenantId: newTenantId(), correlationId: `call ${at}` };
    return Array.from({ length: count }, (_, seq) => new Opened(new Door(), stored(seq + 1, own)));
  });

Logger.overrideLogger(false);

describe('the publisher', () => {
  it('delivers events of several types to a handler as one batch, in the order of the log', async () => {
    const doorman = new Doorman();
    const publisher = publisherFor(doorman);
    const events = [
      new Opened(new Door(), stored(1)),
      new Shut(new Door(), stored(2)),
      new Opened(new Door(), stored(3)),
    ];
    expect(await deliver(publisher, events)).toEqual([]);
    expect(doorman.batches).toEqual([events]);
  });

  it('redelivers an event to every handler of the name that failed, since two modules may use the same name', async () => {
    const [one, two] = [new Doorman(), new Doorman()];
    const event = new Opened(new Door(), stored(1));
    await publisherFor(one, two).redeliver('Doorman', event);
    expect([one.batches, two.batches]).toEqual([[[event]], [[event]]]);

    const [failing, sound] = [new Porter(event), new Porter()];
    await expect(publisherFor(failing, sound).redeliver('Porter', event)).rejects.toThrow('not this one');
    expect(sound.batches).toEqual([[event]]);
  });

  it('delivers the events of one tenant at a time, unless the handler takes several tenants', async () => {
    const doorman = new Doorman();
    const tenants = openedBy(2, 1);
    expect(await deliver(publisherFor(doorman), tenants.flat())).toEqual([]);
    expect(doorman.batches).toEqual(tenants);
  });

  it('lets tenants with few events share a batch, and gives a tenant with many events a batch of its own', async () => {
    const porter = new Porter();
    const [one, two, many, three] = openedBy(3, 2, 130, 1);
    const mixed = [...(three ?? []), ...(two ?? []), ...(many ?? []), ...(one ?? [])];
    expect(await deliver(publisherFor(porter), mixed)).toEqual([]);
    expect(porter.batches).toEqual([[...(one ?? []), ...(two ?? [])], many, three]);
  });

  it('lets no more than 32 tenants share a batch, however few events they have', async () => {
    const porter = new Porter();
    const tenants = openedBy(...Array<number>(40).fill(1));
    await deliver(publisherFor(porter), tenants.flat());
    expect(porter.batches).toEqual([tenants.slice(0, 32).flat(), tenants.slice(32).flat()]);
  });

  it('gives each event of a shared batch the correlation id of its tenant', async () => {
    const porter = new Porter();
    await deliver(publisherFor(porter), openedBy(2, 1).flat());
    expect(porter.correlationIds).toEqual([['call 0', 'call 0', 'call 1']]);
  });

  it('delivers each tenant alone after a shared batch fails, and event by event after its own batch fails', async () => {
    const tenants = openedBy(2, 3, 1);
    const poison = tenants[1]?.[1];
    const porter = new Porter(poison);
    const failures = await deliver(publisherFor(porter), tenants.flat());
    expect(failures).toEqual([
      { tenantId: poison?.tenantId, handler: 'Porter', events: [poison], error: new Error('not this one') },
    ]);
    const oneByOne = tenants[1]?.map((event) => [event]) ?? [];
    expect(porter.batches).toEqual([tenants.flat(), ...tenants, ...oneByOne]);
  });

  it('resolves for each tenant when its own events are handled, however slow other tenants are', async () => {
    const [slow = [], quick = []] = openedBy(1, 1);
    const doorman = new Doorman();
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    doorman.handleMany = (events) => (events[0] === slow[0] ? blocked : Promise.resolve());
    const delivered = publisherFor(doorman).publishEach([...slow, ...quick]);
    const ofSlow = delivered.get(slow[0]?.tenantId ?? newTenantId());
    let isDone = false;
    void ofSlow?.then(() => (isDone = true));
    expect(await delivered.get(quick[0]?.tenantId ?? newTenantId())).toEqual([]);
    expect(isDone).toBe(false);
    release();
    expect(await ofSlow).toEqual([]);
  });

  it('fails to redeliver an event to a handler that does not exist', async () => {
    const event = new Opened(new Door(), stored(1));
    await expect(publisherFor(new Doorman()).redeliver('Porter', event)).rejects.toThrow(
      'No Porter listens to door.opened',
    );
  });

  it('reports no failure when only an @OnEvent listener fails', async () => {
    const fail = (): never => {
      throw new Error('a listener');
    };
    signals.on('door.opened', fail);
    expect(await deliver(publisherFor(new Doorman()), [new Opened(new Door(), stored(1))])).toEqual([]);
    signals.off('door.opened', fail);
  });

  it('refuses to publish: an event that is in no log would be lost in a crash', () => {
    expect(() => publisherFor().publish(new Opened(new Door()))).toThrow(
      /^Opened was published on the EventBus/,
    );
  });

  it('refuses a handler of a class that is no event', () => {
    @EventsHandler(Door)
    class Listener {
      handle(): void {
        throw new Error('It is never called');
      }
    }
    expect(() => publisherFor(new Listener())).toThrow(
      /^Listener listens to Door, which defineEvent did not/,
    );
  });
});
