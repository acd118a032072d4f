import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import {
  DataSource,
  type EntityManager,
  type EntityMetadata,
  type EntitySchema,
  type QueryRunner,
} from 'typeorm';
import { tenantsOf } from '../domain/by-tenant.js';
import type { TenantId } from '../domain/ids.js';
import type { DomainEvent } from '../events/define-event.js';
import { CommittedEvents } from '../events/committed-events.js';
import { eventRows, type EventRow } from '../events/event-row.js';
import { asDatabaseError } from './database-errors.js';
import { inTransaction } from './in-transaction.js';
import { inOnePacket } from './one-packet.js';

type Tenants = TenantId | readonly TenantId[];

export interface Statement {
  /**
   * Without a name, PostgreSQL plans the statement each time, for its parameters. With a name it is a prepared statement: parsed once per
   * connection, and its plan can be cached. Outside of `run` the plan is always generic.
   */
  readonly name?: string;
  readonly text: string;
}

/** The current transaction, for one tenant or for several. */
export interface Transaction {
  readonly tenantIds: readonly TenantId[];
  readonly manager: EntityManager;
  /** Throws the errors of the driver as they are. */
  readonly query: <Row extends object>(
    statement: Statement,
    parameters: readonly unknown[],
  ) => Promise<Row[]>;
  /** Events to append to a tenant's log, as the last statement before COMMIT. */
  readonly append: (tenantId: TenantId, events: readonly DomainEvent[]) => void;
}

/**
 * The only way to the tables: a transaction bound to a tenant, in which row-level security shows that tenant's rows and no
 * others. Work started inside it joins it. Never make an outbound call inside.
 *
 * Several tenants may share a transaction, which then shows the rows of these tenants. It fails as a whole, and soon when it waits for
 * a lock of one of them: the caller must be able to retry for each tenant alone.
 */
@Injectable()
export class UnitOfWork {
  private readonly current = new AsyncLocalStorage<Transaction>();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    private readonly committed: CommittedEvents,
  ) {}

  async run<T>(tenants: Tenants, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const tenantIds = toList(tenants);
    const outer = this.current.getStore();
    if (!outer) return this.begin(tenantIds, work);
    if (!tenantIds.every((tenantId) => outer.tenantIds.includes(tenantId)))
      throw new Error('The current transaction was not begun for this tenant');
    return work(outer);
  }

  /** Runs one statement for a tenant or for several, in the current transaction or in its own. */
  async query<Row extends object>(
    tenants: Tenants,
    sql: string | Statement,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    const statement = typeof sql === 'string' ? { text: sql } : sql;
    if (!this.current.getStore())
      return inOnePacket<Row>(this.source, toList(tenants), { ...statement, values: [...parameters] });
    return this.run(tenants, (transaction) => transaction.query<Row>(statement, parameters));
  }

  /** Takes the tenant's advisory lock of this name, and holds it until the current transaction ends. */
  async takeLock(tenantId: TenantId, name: string): Promise<void> {
    if (!this.current.getStore()) throw new Error('Only a transaction can hold a lock');
    await this.query(tenantId, TAKE_LOCK, [`causeflow.${name}:${tenantId}`]);
  }

  /**
   * Runs one statement before the tenant is known. Row-level security hides every tenant's rows from it, so it can only use
   * SECURITY DEFINER functions and tables without tenants.
   */
  async lookUp<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await this.source.query<Row[]>(sql, [...parameters]);
    } catch (error) {
      throw asDatabaseError(error);
    }
  }

  /** The mapping of an aggregate class to its table. */
  metadataOf<A extends object>(schema: EntitySchema<A>): EntityMetadata {
    return this.source.getMetadata(schema);
  }

  private async begin<T>(
    tenantIds: readonly TenantId[],
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const pending: EventRow[] = [];
    const result = await inTransaction(this.source, async (runner, client) => {
      const transaction: Transaction = {
        tenantIds,
        manager: runner.manager,
        query: async <Row extends object>(statement: Statement, parameters: readonly unknown[]) => {
          // Work that was not awaited would otherwise write into the next transaction of this connection.
          if (runner.isReleased) throw new Error('This transaction has ended');
          return (await client.query<Row>({ ...statement, values: [...parameters] })).rows;
        },
        append: (tenantId, events) => pending.push(...eventRows(tenantId, events)),
      };
      const bound = bind(client, tenantIds);
      const answer = await this.current.run(transaction, () => work(transaction));
      await bound;
      if (pending.length > 0) await appendAndCommit(runner, client, pending);
      return answer;
    });
    if (pending.length > 0) this.committed.announce(tenantsOf(pending));
    return result;
  }
}

const BIND = { name: 'bind', text: `SELECT set_config('app.tenant_ids', $1, true)` };
/** Most locks are released within milliseconds. A tenant whose lock is held for longer must not delay the other tenants. */
const BIND_SEVERAL = {
  name: 'bind-several',
  text: `${BIND.text}, set_config('lock_timeout', '200ms', true)`,
};

const TAKE_LOCK = { name: 'take-lock', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))' };

const APPEND = { name: 'append-events', text: 'SELECT append_events($1)' };

/** Pipelined before the first statement. Not awaited: if it fails, every later statement of the transaction fails too. */
function bind(client: ClientBase, tenantIds: readonly TenantId[]): Promise<unknown> {
  const statement = tenantIds.length > 1 ? BIND_SEVERAL : BIND;
  const bound = client.query({ ...statement, values: [tenantIds.join(',')] });
  bound.catch(() => undefined);
  return bound;
}

/** COMMIT is pipelined behind the append, which locks the tenant's log until it is committed: one round trip instead of two. */
async function appendAndCommit(
  runner: QueryRunner,
  client: ClientBase,
  events: readonly EventRow[],
): Promise<void> {
  const appended = client.query({ ...APPEND, values: [JSON.stringify(events)] });
  // If the append fails, this COMMIT rolls back.
  const ended = await Promise.allSettled([appended, runner.commitTransaction()]);
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

function toList(tenants: Tenants): readonly TenantId[] {
  return typeof tenants === 'string' ? [tenants] : tenants;
}
