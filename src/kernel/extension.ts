import type { DynamicModule, Type } from '@nestjs/common';
import type { AnyEventClass } from './events/define-event.js';

/** What a team adds to the product. See CONTRIBUTING.md; `examples/on-call-roster` is one. */
export interface Extension {
  readonly module: Type | DynamicModule;
  readonly events?: readonly AnyEventClass[];
  /** Folders of SQL migrations, run together with the product's own. */
  readonly migrations?: readonly string[];
}
