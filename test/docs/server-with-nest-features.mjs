// A server with a controller as in Nest's documentation, in plain JavaScript. MISTAKE adds an invalid definition.
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

class WeekdayGuard {
  canActivate(context) {
    return context.switchToHttp().getRequest().headers['x-day'] !== 'sunday';
  }
}

class StampInterceptor {
  intercept(_context, next) {
    return next.handle().pipe(map((body) => ({ ...body, stamped: true })));
  }
}

class ExampleController {
  received = [];
  onEvent({ type }) {
    this.received.push(type);
  }
  signals() {
    return { received: this.received };
  }
  hook(raw) {
    return { bytes: raw.length };
  }
  missing() {
    throw new nest.NotFoundException('No such example.');
  }
}

/** Applies decorators as a compiler does. */
function decorate(type, method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
  for (const each of decorators) each(type.prototype, method, descriptor);
}
decorate(ExampleController, 'onEvent', OnEvent('incident.*'));
decorate(
  ExampleController,
  'signals',
  nest.Get('signals'),
  nest.UseGuards(WeekdayGuard),
  nest.UseInterceptors(StampInterceptor),
);
decorate(ExampleController, 'hook', nest.Post('hook'), Public());
decorate(ExampleController, 'missing', nest.Get('missing'));
nest.RawBody()(ExampleController.prototype, 'hook', 0);
nest.Controller('v1/examples')(ExampleController);

class ExampleModule {
  configure(consumer) {
    const middleware = (_request, response, next) => {
      response.setHeader('X-Middleware', 'yes');
      next();
    };
    consumer.apply(middleware).forRoutes(ExampleController);
  }
}

class Payload {}
Text({ max: 10 })(Payload.prototype, 'word');
class Plain {}
class Handler {}
class Repository {}

const providers = [];
const MISTAKES = {
  'an unlisted event': () =>
    defineEvent({ type: 'example.happened', summary: 'An example', data: Payload, example: { word: 'x' } }),
  'a handler of a class that is no event': () => {
    EventsHandler(Plain)(Handler);
    providers.push(Handler);
  },
  'an injected DataSource': () => {
    Reflect.defineMetadata('design:paramtypes', [DataSource], Repository);
    nest.Injectable()(Repository);
    providers.push(Repository);
  },
};
MISTAKES[process.env['MISTAKE']]?.();
nest.Module({ controllers: [ExampleController], providers })(ExampleModule);

await serve([{ module: ExampleModule }]);
