import type { Logger } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';

/** How a tenant's turn ended. */
export interface Ending {
  /** Up to where her log was handed on; undefined where nothing was. */
  readonly place: number | undefined;
  /** Whether her log has more than was read for this turn. */
  readonly hasMore: boolean;
  /** What kept the rest from being handed on. */
  readonly failure?: unknown;
}

export type Endings = ReadonlyMap<TenantId, Ending>;

/** Up to where the logs were handed on of which anything was. */
export function placesIn(endings: Endings): Map<TenantId, number> {
  const places = new Map<TenantId, number>();
  for (const [tenantId, { place }] of endings) if (place !== undefined) places.set(tenantId, place);
  return places;
}

/** Turns under way. */
export interface Turns {
  /** How many events are handed on in them. */
  readonly events: number;
  /** Of each tenant that was claimed; none of them rejects. */
  readonly endings: ReadonlyMap<TenantId, Promise<Ending>>;
}

/** Somebody who goes along every tenant's log and remembers how far. */
export interface LogFollower {
  /** As it is called in `/metrics`. */
  readonly name: string;
  readonly log: Logger;
  /** The look-up that finds, in all tenants, whose log is ahead of the place remembered. */
  readonly findBehind: 'streams_behind' | 'streams_unpublished' | 'webhooks_behind';
  /** The most logs that are moved on together. */
  readonly logsAPass: number;
  /** The most logs that are moved on by themselves beside them. */
  readonly logsAside: number;
  /** After a pass that left nothing behind it rests as long as that took, and this long at most. */
  readonly longestRestMs: number;
  /** Claims those of the tenants whose logs are ahead and whom nobody else has claimed, and begins to hand on what they have. */
  begin(tenantIds: readonly TenantId[]): Promise<Turns>;
  /** Remembers how far they got, and lets go of them. */
  end(endings: Endings): Promise<void>;
  /** What is said once when one of these throws, or of a tenant whose turn fails, until they succeed again. */
  readonly complaint: string;
}
