import { describe, expect, it } from '@jest/globals';
import type { DiscoveryService } from '@nestjs/core';
import { EventBus, EventsHandler } from '@nestjs/cqrs';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { newTenantId } from '../domain/ids.js';
import { Metrics } from '../metrics/metrics.js';
import { AwaitingPublisher } from './awaiting-publisher.js';
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

function publisherFor(...doormen: Doorman[]): AwaitingPublisher {
  const discovery = { getProviders: () => doormen.map((instance) => ({ instance, metatype: Doorman })) };
  const publisher = new AwaitingPublisher(
    {} as EventBus<DomainEvent>,
    discovery as unknown as DiscoveryService,
    new EventEmitter2(),
    new Metrics(),
  );
  publisher.onModuleInit();
  return publisher;
}

const tenantId = newTenantId();
const stored = (seq: number): Stored => ({
  ...{ id: `evt_${seq}`, seq, tenantId, occurredAt: new Date(0), correlationId: null, actor: null },
});

describe('the publisher', () => {
  it('gives a handler of several events what happened as one batch, in its order', async () => {
    const doorman = new Doorman();
    const publisher = publisherFor(doorman);
    const events = [
      new Opened(new Door(), stored(1)),
      new Shut(new Door(), stored(2)),
      new Opened(new Door(), stored(3)),
    ];
    expect(await publisher.publishAll(events)).toEqual([]);
    expect(doorman.batches).toEqual([events]);
  });

  it('tells an event again to every handler of the name that failed, since two modules may name theirs alike', async () => {
    const [one, two] = [new Doorman(), new Doorman()];
    const event = new Opened(new Door(), stored(1));
    await publisherFor(one, two).redeliver('Doorman', event);
    expect([one.batches, two.batches]).toEqual([[[event]], [[event]]]);
  });
});
