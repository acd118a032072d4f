import { EntitySchema, type EntitySchemaOptions } from 'typeorm';
import type { Aggregate } from '../domain/aggregate.js';

const declared: EntitySchema[] = [];

/**
 * Maps a domain class to its table. Rows are loaded as instances of that class without running its constructor, so the class
 * may have a private constructor and private (not `#`) fields. A migration creates the table.
 */
export function aggregateSchema<A extends Aggregate>(options: EntitySchemaOptions<A>): EntitySchema<A> {
  const schema = new EntitySchema<A>(options);
  declared.push(schema as EntitySchema);
  return schema;
}

/** The mapped classes of all loaded modules. */
export function declaredSchemas(): readonly EntitySchema[] {
  return declared;
}
