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
   * Without, PostgreSQL plans it each time for its parameters. With a name it is parsed once a connection and its plan can stay; that
   * of a statement with a transaction to itself stays whatever the parameters.
   */
  readonly name?: string;
  readonly text: string;
}

/** One transaction under way, for one tenant or for several. */
export interface Transaction {
  readonly tenantIds: readonly TenantId[];
  readonly manager: EntityManager;
  /** Throws as the driver does. */
  readonly query: <Row extends object>(
    statement: Statement,
    parameters: readonly unknown[],
  ) => Promise<Row[]>;
  /** Events to append to a tenant's log, as the last thing before COMMIT. */
  readonly append: (tenantId: TenantId, events: readonly DomainEvent[]) => void;
}

/**
 * The one way to the tables: a transaction bound to a tenant, for which row-level security lets that tenant's rows
 * through and no others. Work started inside it joins it. Never make an outbound call inside.
 *
 * Several tenants may share one, in which their rows and no others are let through. It fails as a whole, and soon when
 * one of them keeps it waiting for a lock: whoever shares must be able to go on with each of them alone.
 */
@Injectable()
export class UnitOfWork {
  private readonly current = new AsyncLocalStorage<Transaction>();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    private readonly committed: CommittedEvents,
  ) {}

  async run<T>(tenants: Tenants, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const tenantIds = listed(tenants);
    const outer = this.current.getStore();
    if (!outer) return this.begin(tenantIds, work);
    if (!tenantIds.every((tenantId) => outer.tenantIds.includes(tenantId)))
      throw new Error('A transaction cannot turn to a tenant that it was not begun for');
    return work(outer);
  }

  /** Runs one statement for a tenant or for several, inside the transaction under way or in one of its own. */
  async query<Row extends object>(
    tenants: Tenants,
    sql: string | Statement,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    const statement = typeof sql === 'string' ? { text: sql } : sql;
    if (!this.current.getStore())
      return inOnePacket<Row>(this.source, listed(tenants), { ...statement, values: [...parameters] });
    return this.run(tenants, (transaction) => transaction.query<Row>(statement, parameters));
  }

  /** Waits until no other transaction of this tenant has the turn that `what` names; ours has it until its end. */
  async takeTurn(tenantId: TenantId, what: string): Promise<void> {
    if (!this.current.getStore()) throw new Error('Only a transaction can hold a turn');
    await this.query(tenantId, TAKE_TURN, [`causeflow.${what}:${tenantId}`]);
  }

  /**
   * Runs one statement before any tenant is known. Row-level security hides every tenant's rows from it, so that it
   * gets answers from SECURITY DEFINER look-ups and from tables without tenants, and from nothing else.
   */
  async lookUp<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await this.source.query<Row[]>(sql, [...parameters]);
    } catch (error) {
      throw asDatabaseError(error);
    }
  }

  /** How a class that is stored by it lies in its table. */
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
          // Somebody who was not waited for would write into whatever is next on this connection.
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
/** Most locks are let go of within milliseconds. Whoever holds one for longer keeps nobody waiting but her own tenant. */
const BIND_SEVERAL = {
  name: 'bind-several',
  text: `${BIND.text}, set_config('lock_timeout', '200ms', true)`,
};

const TAKE_TURN = { name: 'take-turn', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))' };

const APPEND = { name: 'append-events', text: 'SELECT append_events($1)' };

/** Sent ahead of the first statement, and not waited for: were it to fail, every statement after it would. */
function bind(client: ClientBase, tenantIds: readonly TenantId[]): Promise<unknown> {
  const statement = tenantIds.length > 1 ? BIND_SEVERAL : BIND;
  const answered = client.query({ ...statement, values: [tenantIds.join(',')] });
  answered.catch(() => undefined);
  return answered;
}

/** The commit is sent without waiting for the answer before it: until it comes, nobody else can append to this log. */
async function appendAndCommit(
  runner: QueryRunner,
  client: ClientBase,
  events: readonly EventRow[],
): Promise<void> {
  const appended = client.query({ ...APPEND, values: [JSON.stringify(events)] });
  // After an append that failed, this rolls back.
  const ended = await Promise.allSettled([appended, runner.commitTransaction()]);
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

function listed(tenants: Tenants): readonly TenantId[] {
  return typeof tenants === 'string' ? [tenants] : tenants;
}
