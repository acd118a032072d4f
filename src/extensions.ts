import type { DynamicModule, Type } from '@nestjs/common';
import type { EventClass } from '#kernel/events/define-event';

/** What a team adds to the product. See CONTRIBUTING.md; `examples/on-call-roster` is one. */
export interface Extension {
  readonly module: Type | DynamicModule;
  readonly events?: readonly EventClass[];
  /** Folders of SQL migrations, run together with the product's own. */
  readonly migrations?: readonly string[];
}

/** The one file to edit to add a module of your own. */
export const extensions: readonly Extension[] = [];
