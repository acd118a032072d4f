// A server with two handlers of its own, in plain JavaScript: one that fails twice at some
// incidents before it succeeds, and one that does not.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import { Once } from '#kernel/events/once';
import { IncidentCreated } from '#modules/ingestion/events';
import { start, stopOnSignals } from '../../dist/start.js';

const say = (line) => process.stdout.write(`${line}\n`);

class Stumbling {
  constructor(once) {
    this.once = once;
    this.tries = new Map();
  }
  async handle(event) {
    const { incidentId, title } = event.data;
    const tries = (this.tries.get(incidentId) ?? 0) + 1;
    this.tries.set(incidentId, tries);
    await this.once.do('stumbling', event, async () => {
      say(`stumbling try ${tries} of ${incidentId}`);
      if (title === 'fails twice' && tries < 3) throw new Error('stumbled');
      say(`stumbling did ${incidentId}`);
    });
  }
}

class Steady {
  constructor(once) {
    this.once = once;
  }
  async handleMany(events) {
    await this.once.doMany('steady', events, async (fresh) => {
      for (const { seq, data } of fresh) say(`steady did ${data.incidentId} at ${seq}`);
    });
  }
}

class HandlersModule {}

for (const handler of [Stumbling, Steady]) {
  Injectable()(handler);
  EventsHandler(IncidentCreated)(handler);
  Reflect.defineMetadata('design:paramtypes', [Once], handler);
}
Module({ providers: [Stumbling, Steady] })(HandlersModule);

const server = await start(process.env, say, [{ module: HandlersModule }]);
stopOnSignals(server);
say(`CauseFlow is ready on ${server.url}`);
