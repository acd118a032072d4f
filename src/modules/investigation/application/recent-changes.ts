import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { NewChange } from '../api.js';
import { type Piece, pieceOfRows } from './piece.js';

interface RecordedChange extends NewChange {
  readonly changeId: string;
  readonly previousVersion: string | null;
}

const MOST_CHANGES = 100;

/** What was recorded to have changed in a window of time, each change with the version it replaced. */
@Injectable()
export class RecentChanges {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param service whose changes come first, before the newest of all others */
  async execute(tenantId: TenantId, service: string | null, from: Date, to: Date): Promise<Piece[]> {
    const changes = await this.unitOfWork.query<RecordedChange>(
      tenantId,
      `SELECT c.change_id AS "changeId", c.type, c.service, c.environment, c.version, c.summary, c.url,
              c.occurred_at AS "occurredAt", b.version AS "previousVersion"
         FROM changes c LEFT JOIN LATERAL (
           SELECT p.version FROM changes p
            WHERE p.tenant_id = c.tenant_id AND p.service = c.service AND p.type = c.type
              AND p.environment IS NOT DISTINCT FROM c.environment
              AND (p.occurred_at, p.change_id) < (c.occurred_at, c.change_id) AND p.version <> c.version
            ORDER BY p.occurred_at DESC, p.change_id DESC LIMIT 1) b ON true
        WHERE c.tenant_id = $1 AND c.occurred_at BETWEEN $2 AND $3
        ORDER BY c.service = $4 DESC NULLS LAST, c.occurred_at DESC, c.change_id DESC LIMIT $5`,
      [tenantId, from, to, service, MOST_CHANGES],
    );
    const query = `recorded changes from ${from.toISOString()} to ${to.toISOString()}`;
    return changes.map((change) => pieceOf(change, query));
  }
}

const EVIDENCE_TYPES = {
  deploy: 'deployment',
  config: 'config_change',
  flag: 'config_change',
  schema: 'config_change',
  infra: 'config_change',
} as const;

function pieceOf({ occurredAt, ...recorded }: RecordedChange, query: string): Piece {
  const { type, service, version, summary } = recorded;
  return pieceOfRows(
    {
      evidenceId: newId('evd'),
      type: EVIDENCE_TYPES[type],
      source: 'changes',
      summary: `${type} of ${service}${version === null ? '' : ` ${version}`}: ${summary}`,
      observedAt: occurredAt,
      query,
    },
    [{ ...recorded, occurredAt: occurredAt.toISOString() }],
  );
}
