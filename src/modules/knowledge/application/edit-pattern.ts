import { Injectable } from '@nestjs/common';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { storedSize } from '#kernel/domain/stored-size';
import type { Pattern, PatternEdit } from '../domain/pattern.js';
import { PatternStore } from '../domain/patterns.js';

/** A page has a hundred patterns. */
const MAX_FIX_BYTES = 64 * 1024;

@Injectable()
export class EditPattern {
  constructor(private readonly patterns: PatternStore) {}

  /** @throws Refusal `validation_error`, `not_found` */
  async execute(tenantId: TenantId, patternId: string, edit: PatternEdit): Promise<Pattern> {
    if (edit.fix && storedSize(edit.fix) > MAX_FIX_BYTES)
      throw invalid('fix', 'must be at most 64 KiB of JSON');
    return this.patterns.change(tenantId, patternId, (pattern) => {
      pattern.edit(edit);
      return pattern;
    });
  }
}
