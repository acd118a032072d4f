import { Module } from '@nestjs/common';
import { FindPlace } from './application/find-place.js';
import { OpenStream } from './application/open-stream.js';
import { PollEvents } from './application/poll-events.js';
import { StreamKeeper } from './application/stream-keeper.js';
import { StreamPlaces } from './application/stream-places.js';
import { StreamTickets } from './application/stream-tickets.js';
import { TenantFeeds } from './application/tenant-feeds.js';
import { EventStreamController } from './http/event-stream.controller.js';
import { EventsController } from './http/events.controller.js';

/** Events out: the stream, and the same log by polling. */
@Module({
  controllers: [EventStreamController, EventsController],
  providers: [FindPlace, OpenStream, PollEvents, StreamKeeper, StreamPlaces, StreamTickets, TenantFeeds],
})
export class NotificationsModule {}
