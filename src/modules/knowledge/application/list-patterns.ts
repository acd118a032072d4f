import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import type { Pattern } from '../domain/pattern.js';
import { type PatternFilter, PatternIndex } from '../domain/patterns.js';

const LIST = 'knowledge';

@Injectable()
export class ListPatterns {
  constructor(
    private readonly index: PatternIndex,
    private readonly cursors: Cursors,
  ) {}

  /** Newest first. */
  async execute(
    tenantId: TenantId,
    { limit, cursor, ...filter }: PatternFilter & { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Pattern>> {
    const [before] = this.cursors.open(tenantId, LIST, cursor) ?? [];
    const rows = await this.index.list(tenantId, filter, before?.toString(), limit + 1);
    return this.cursors.page(rows, {
      tenantId,
      list: LIST,
      limit,
      position: ({ patternId }) => [patternId],
    });
  }
}
