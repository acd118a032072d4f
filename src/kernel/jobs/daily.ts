import { DiscoveryService } from '@nestjs/core';

/** What a class decorated with `@Daily(name)` does. It may run twice a day, and not at all on a day when the server is off. */
export interface Chore {
  /** @param signal aborted when the process is about to stop: finish the step at hand and throw, to be run again */
  run(signal: AbortSignal): Promise<void>;
}

/** `@Daily('drop-old-events')`: runs the class once a day on one of the replicas, as a job of that name. */
export const Daily = DiscoveryService.createDecorator<string>();
