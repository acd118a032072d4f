import type { Logger } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';

/** The outcome of one tenant's turn. */
export interface TurnResult {
  /** The sequence number of the last event that was processed; undefined when there was none. */
  readonly position: number | undefined;
  /** Whether the log has more events than this turn read. */
  readonly hasMore: boolean;
  /** Why the turn stopped before its last event. */
  readonly failure?: unknown;
}

export type TurnResults = ReadonlyMap<TenantId, TurnResult>;

/** The new positions of the tenants that made progress. */
export function positionsIn(results: TurnResults): Map<TenantId, number> {
  const positions = new Map<TenantId, number>();
  for (const [tenantId, { position }] of results)
    if (position !== undefined) positions.set(tenantId, position);
  return positions;
}

/** Turns under way. */
export interface Turns {
  /** How many events they process in total. */
  readonly events: number;
  /** One for each tenant that was claimed; none of them rejects. */
  readonly results: ReadonlyMap<TenantId, Promise<TurnResult>>;
}

/** Reads the logs of all tenants, and stores its position in each. `TurnScheduler` decides whose turn it is. */
export interface LogConsumer {
  /** The label of its metrics. */
  readonly name: string;
  readonly log: Logger;
  /** The SQL function that finds, among all tenants, those whose log is ahead of the stored position. */
  readonly findLagging: 'streams_behind' | 'streams_unpublished' | 'webhooks_behind';
  /** At most this many tenants share a pass. */
  readonly tenantsPerPass: number;
  /** At most this many tenants take a turn alone at the same time, beside the passes. */
  readonly maxAlone: number;
  /** After a pass that left nothing behind, the scheduler rests for as long as the pass took, up to this. */
  readonly maxRestMs: number;
  /** Claims the tenants that lag and that no other replica has claimed, and starts to process their events. */
  startTurns(tenantIds: readonly TenantId[]): Promise<Turns>;
  /** Stores the new positions and releases the claims. */
  finishTurns(results: TurnResults): Promise<void>;
  /** The log message when one of these throws, or when a tenant's turn fails. */
  readonly failureMessage: string;
}
