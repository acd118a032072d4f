import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { Pattern, PatternEdit } from '../domain/pattern.js';
import { PatternStore } from '../domain/patterns.js';

@Injectable()
export class EditPattern {
  constructor(private readonly patterns: PatternStore) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, patternId: string, edit: PatternEdit): Promise<Pattern> {
    return this.patterns.change(tenantId, patternId, (pattern) => {
      pattern.edit(edit);
      return pattern;
    });
  }
}
