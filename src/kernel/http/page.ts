import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { constantTimeEquals } from '../crypto/secrets.js';
import { invalid } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { Field, Whole } from './fields.js';

/** The query parameters of every list. */
export class PageQuery {
  @Whole({
    inQuery: true,
    min: 1,
    max: 100,
    optional: true,
    default: 20,
    summary: 'Maximum number of items',
  })
  limit: number = 20;

  @Field({
    type: 'string',
    maxLength: 2048,
    optional: true,
    summary: 'The `nextCursor` of the previous page',
  })
  cursor?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A position in a list: the sort key of the last row returned. */
export type Position = readonly (string | number | null)[];

/**
 * Signs cursors. A cursor is bound to its tenant and its list, so one that was modified, invented or taken from another list
 * is refused.
 */
@Injectable()
export class Cursors {
  private readonly key: Buffer;

  constructor(@Inject(Config) config: Config) {
    this.key = createHmac('sha256', config.jwtSecret).update('causeflow.cursor').digest();
  }

  /**
   * Makes a page of rows that were queried with `LIMIT limit + 1`.
   * @param list the name of the list and everything that determines its order, such as `incidents:created_at:desc`
   */
  page<Row>(
    rows: readonly Row[],
    options: { tenantId: TenantId; list: string; limit: number; position: (row: Row) => Position },
  ): Page<Row> {
    const { tenantId, list, limit, position } = options;
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit),
      nextCursor: last === undefined ? null : this.seal(tenantId, list, position(last)),
    };
  }

  /** @throws Refusal `validation_error` for a cursor that was not issued for this list of this tenant */
  open(tenantId: TenantId, list: string, cursor: string | undefined): Position | undefined {
    if (cursor === undefined) return undefined;
    const [body = ''] = cursor.split('.', 1);
    if (!constantTimeEquals(cursor, this.signed(tenantId, list, body))) {
      throw invalid('cursor', 'was not issued for this list');
    }
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Position;
  }

  private seal(tenantId: TenantId, list: string, position: Position): string {
    return this.signed(tenantId, list, Buffer.from(JSON.stringify(position)).toString('base64url'));
  }

  private signed(tenantId: TenantId, list: string, body: string): string {
    const mac = createHmac('sha256', this.key).update(`${tenantId}\n${list}\n${body}`).digest();
    return `${body}.${mac.subarray(0, 16).toString('base64url')}`;
  }
}
