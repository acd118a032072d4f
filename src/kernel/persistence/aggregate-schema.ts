import { EntitySchema, type EntitySchemaOptions } from 'typeorm';
import type { Aggregate } from '../domain/aggregate.js';

const declared: EntitySchema[] = [];

/**
 * Maps a domain class to its table. Rows come back as instances of that very class without its constructor being run,
 * so a class may keep a private constructor and private (not `#`) fields. The table itself is made by a migration.
 */
export function aggregateSchema<A extends Aggregate>(options: EntitySchemaOptions<A>): EntitySchema<A> {
  const schema = new EntitySchema<A>(options);
  declared.push(schema as EntitySchema);
  return schema;
}

/** Every mapped class of the modules that were loaded. */
export function declaredSchemas(): readonly EntitySchema[] {
  return declared;
}
