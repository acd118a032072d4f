// A server with three handlers of its own, in plain JavaScript: one fails twice on some incidents before it succeeds, one
// waits for an advisory lock on some, and one does neither.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import { Once } from '#kernel/events/once';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
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

class Waiting {
  constructor(once, unitOfWork) {
    this.once = once;
    this.unitOfWork = unitOfWork;
  }
  async handle(event) {
    const { incidentId, title } = event.data;
    if (!title.startsWith('waits')) return;
    await this.once.do('waiting', event, async () => {
      say(`waiting at ${incidentId}`);
      await this.unitOfWork.query(event.tenantId, `SELECT pg_advisory_xact_lock(hashtext('${title}'))`);
      say(`waiting did ${incidentId}`);
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

const handlers = [Stumbling, Waiting, Steady];
for (const handler of handlers) {
  Injectable()(handler);
  EventsHandler(IncidentCreated)(handler);
  Reflect.defineMetadata('design:paramtypes', [Once, UnitOfWork], handler);
}
Module({ providers: handlers })(HandlersModule);

const server = await start(process.env, say, [{ module: HandlersModule }]);
stopOnSignals(server);
say(`CauseFlow is ready on ${server.url}`);
