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

/** Takes the events of several tenants at once, unless one that it cannot take is among them. */
@EventsHandler(Opened)
class Porter implements BatchHandler {
  readonly takesSeveralTenants = true;
  readonly batches: (readonly DomainEvent[])[] = [];
  readonly wentBackTo: (string | null)[][] = [];
  constructor(private readonly poison?: DomainEvent) {}
  handle(): void {
    throw new Error('It takes batches');
  }
  handleMany(events: readonly DomainEvent[]): Promise<void> {
    this.batches.push(events);
    this.wentBackTo.push(events.map(({ tenantId }) => callContext(tenantId).correlationId));
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

const tell = async (
  publisher: AwaitingPublisher,
  events: readonly DomainEvent[],
): Promise<HandlerFailure[]> => (await Promise.all(publisher.publishEach(events).values())).flat();

const tenantId = newTenantId();
const stored = (seq: number, more: Partial<Stored> = {}): Stored => ({
  ...{ id: `evt_${seq}`, seq, tenantId, occurredAt: new Date(0), correlationId: null, actor: null },
  ...more,
});
/** Events of as many tenants as there are numbers, each of whom has so many. */
const openedBy = (...counts: number[]): DomainEvent[][] =>
  counts.map((count, at) => {
    const own = { tenantId: newTenantId(), correlationId: `call ${at}` };
    return Array.from({ length: count }, (_, seq) => new Opened(new Door(), stored(seq + 1, own)));
  });

Logger.overrideLogger(false);

describe('the publisher', () => {
  it('gives a handler of several events what happened as one batch, in its order', async () => {
    const doorman = new Doorman();
    const publisher = publisherFor(doorman);
    const events = [
      new Opened(new Door(), stored(1)),
      new Shut(new Door(), stored(2)),
      new Opened(new Door(), stored(3)),
    ];
    expect(await tell(publisher, events)).toEqual([]);
    expect(doorman.batches).toEqual([events]);
  });

  it('tells an event again to every handler of the name that failed, since two modules may name theirs alike', async () => {
    const [one, two] = [new Doorman(), new Doorman()];
    const event = new Opened(new Door(), stored(1));
    await publisherFor(one, two).redeliver('Doorman', event);
    expect([one.batches, two.batches]).toEqual([[[event]], [[event]]]);

    const [failing, sound] = [new Porter(event), new Porter()];
    await expect(publisherFor(failing, sound).redeliver('Porter', event)).rejects.toThrow('not this one');
    expect(sound.batches).toEqual([[event]]);
  });

  it('tells a handler of one tenant at a time, unless it takes several', async () => {
    const doorman = new Doorman();
    const tenants = openedBy(2, 1);
    expect(await tell(publisherFor(doorman), tenants.flat())).toEqual([]);
    expect(doorman.batches).toEqual(tenants);
  });

  it('lets tenants with few events share a batch, and whoever has many has one of her own', async () => {
    const porter = new Porter();
    const [one, two, many, three] = openedBy(3, 2, 130, 1);
    const mixed = [...(three ?? []), ...(two ?? []), ...(many ?? []), ...(one ?? [])];
    expect(await tell(publisherFor(porter), mixed)).toEqual([]);
    expect(porter.batches).toEqual([[...(one ?? []), ...(two ?? [])], many, three]);
  });

  it('lets no more than 32 tenants share a batch, however few events they have', async () => {
    const porter = new Porter();
    const tenants = openedBy(...Array<number>(40).fill(1));
    await tell(publisherFor(porter), tenants.flat());
    expect(porter.batches).toEqual([tenants.slice(0, 32).flat(), tenants.slice(32).flat()]);
  });

  it('lets what comes of a shared batch go back to the call of each tenant', async () => {
    const porter = new Porter();
    await tell(publisherFor(porter), openedBy(2, 1).flat());
    expect(porter.wentBackTo).toEqual([['call 0', 'call 0', 'call 1']]);
  });

  it('tells of each tenant alone when they fail together, and one by one of whose own batch fails', async () => {
    const tenants = openedBy(2, 3, 1);
    const poison = tenants[1]?.[1];
    const porter = new Porter(poison);
    const failures = await tell(publisherFor(porter), tenants.flat());
    expect(failures).toEqual([
      { tenantId: poison?.tenantId, handler: 'Porter', events: [poison], error: new Error('not this one') },
    ]);
    const oneByOne = tenants[1]?.map((event) => [event]) ?? [];
    expect(porter.batches).toEqual([tenants.flat(), ...tenants, ...oneByOne]);
  });

  it('tells of each tenant as soon as hers are told, whoever else is slow', async () => {
    const [slow = [], quick = []] = openedBy(1, 1);
    const doorman = new Doorman();
    let goOn: () => void = () => undefined;
    const slowly = new Promise<void>((resolve) => (goOn = resolve));
    doorman.handleMany = (events) => (events[0] === slow[0] ? slowly : Promise.resolve());
    const told = publisherFor(doorman).publishEach([...slow, ...quick]);
    const ofSlow = told.get(slow[0]?.tenantId ?? newTenantId());
    let isTold = false;
    void ofSlow?.then(() => (isTold = true));
    expect(await told.get(quick[0]?.tenantId ?? newTenantId())).toEqual([]);
    expect(isTold).toBe(false);
    goOn();
    expect(await ofSlow).toEqual([]);
  });

  it('does not take for told what was to be told to nobody who is there', async () => {
    const event = new Opened(new Door(), stored(1));
    await expect(publisherFor(new Doorman()).redeliver('Porter', event)).rejects.toThrow(
      'No Porter listens to door.opened',
    );
  });

  it('hands on what others than handlers fail on', async () => {
    const fail = (): never => {
      throw new Error('a listener of ours');
    };
    signals.on('door.opened', fail);
    expect(await tell(publisherFor(new Doorman()), [new Opened(new Door(), stored(1))])).toEqual([]);
    signals.off('door.opened', fail);
  });

  it('is nothing to publish by: what is in no log would be lost in a crash', () => {
    expect(() => publisherFor().publish(new Opened(new Door()))).toThrow(
      /^Opened was handed to the EventBus/,
    );
  });

  it('takes no handler of what never is in the log', () => {
    @EventsHandler(Door)
    class Listener {
      handle(): void {
        throw new Error('It is never told');
      }
    }
    expect(() => publisherFor(new Listener())).toThrow(
      /^Listener listens to Door, which defineEvent did not/,
    );
  });
});
