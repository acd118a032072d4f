import type { DynamicModule, Type } from '@nestjs/common';
import type { AnyEventClass } from './events/define-event.js';

/** A module that a team adds to the product. See CONTRIBUTING.md and `examples/on-call-roster`. */
export interface Extension {
  readonly module: Type | DynamicModule;
  readonly events?: readonly AnyEventClass[];
  /** Folders of SQL migrations, run together with the product's own. */
  readonly migrations?: readonly string[];
}
