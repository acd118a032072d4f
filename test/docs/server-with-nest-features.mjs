// A server with a controller the way Nest teaches it, in plain JavaScript; and with the MISTAKE that is asked for.
import 'reflect-metadata';
import * as nest from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import { OnEvent } from '@nestjs/event-emitter';
import { map } from 'rxjs';
import { DataSource } from 'typeorm';
import { defineEvent } from '#kernel/events/define-event';
import { Text } from '#kernel/http/fields';
import { Public } from '#kernel/http/principal';
import { serve } from '#serve';

class NotOnSundays {
  canActivate(context) {
    return context.switchToHttp().getRequest().headers['x-day'] !== 'sunday';
  }
}

class Stamp {
  intercept(_context, next) {
    return next.handle().pipe(map((answer) => ({ ...answer, stamped: true })));
  }
}

class Habits {
  heard = [];
  hear({ type }) {
    this.heard.push(type);
  }
  told() {
    return { heard: this.heard };
  }
  hook(raw) {
    return { bytes: raw.length };
  }
  missing() {
    throw new nest.NotFoundException('No such habit.');
  }
}

/** As a compiler would apply them. */
function decorate(type, method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
  for (const each of decorators) each(type.prototype, method, descriptor);
}
decorate(Habits, 'hear', OnEvent('incident.*'));
decorate(Habits, 'told', nest.Get('told'), nest.UseGuards(NotOnSundays), nest.UseInterceptors(Stamp));
decorate(Habits, 'hook', nest.Post('hook'), Public());
decorate(Habits, 'missing', nest.Get('missing'));
nest.RawBody()(Habits.prototype, 'hook', 0);
nest.Controller('v1/habits')(Habits);

class HabitsModule {
  configure(consumer) {
    const through = (_request, response, next) => {
      response.setHeader('X-Middleware', 'yes');
      next();
    };
    consumer.apply(through).forRoutes(Habits);
  }
}

class Payload {}
Text({ max: 10 })(Payload.prototype, 'word');
class Plain {}
class Listener {}
class Repository {}

const providers = [];
const MISTAKES = {
  'an event in no list': () =>
    defineEvent({ type: 'habit.told', summary: 'A habit', data: Payload, example: { word: 'x' } }),
  'a handler of no event': () => {
    EventsHandler(Plain)(Listener);
    providers.push(Listener);
  },
  'a database without tenants': () => {
    Reflect.defineMetadata('design:paramtypes', [DataSource], Repository);
    nest.Injectable()(Repository);
    providers.push(Repository);
  },
};
MISTAKES[process.env['MISTAKE']]?.();
nest.Module({ controllers: [Habits], providers })(HabitsModule);

await serve([{ module: HabitsModule }]);
