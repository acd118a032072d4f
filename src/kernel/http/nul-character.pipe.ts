import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { invalid } from '../domain/errors.js';

/**
 * A URL can contain a NUL (`%00`), which PostgreSQL cannot even compare. No stored name contains one, so in a path it becomes another
 * character that matches nothing either. Bodies are checked where they are parsed.
 */
export class NulCharacterPipe implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    if (type === 'param' && typeof value === 'string') return value.replaceAll('\0', '\uFFFD');
    if (type === 'query') this.checkQuery(value);
    return value;
  }

  private checkQuery(query: unknown): void {
    if (typeof query !== 'object' || query === null) return;
    for (const [field, value] of Object.entries(query)) {
      if ([value].flat().some(hasNul)) throw invalid(field, 'must not contain a NUL character');
    }
  }
}

function hasNul(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\0');
}
