import { DiscoveryService } from '@nestjs/core';

/** What a class marked `@Daily(name)` does. It may run twice a day, and not at all on a day when the server is off. */
export interface Chore {
  run(): Promise<void>;
}

/** `@Daily('drop-old-events')`: the class that is run once a day, on one of the replicas, as a job of that name. */
export const Daily = DiscoveryService.createDecorator<string>();
