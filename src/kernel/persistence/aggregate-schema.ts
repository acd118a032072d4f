import { EntitySchema, type EntitySchemaOptions } from 'typeorm';
import { StartError } from '../config/start-error.js';
import type { Aggregate } from '../domain/aggregate.js';

const declared: EntitySchema[] = [];

/**
 * Maps a domain class to its table. Rows are loaded as instances of that class without running its constructor, so the class
 * may have a private constructor and private (not `#`) fields. A migration creates the table.
 *
 * TypeORM finds the table of a schema by `name` among the names of the classes, which therefore are unique, those of extensions included.
 * @throws StartError
 */
export function aggregateSchema<A extends Aggregate>(
  options: EntitySchemaOptions<A> & { readonly target: { readonly name: string } },
): EntitySchema<A> {
  const { name, target } = options;
  if (name !== target.name)
    throw new StartError(`The schema ${name} must have the name of its class, ${target.name}.`);
  if (declared.some((other) => other.options.name === name))
    throw new StartError(`Two mapped classes have the name ${name}: rename one.`);
  const schema = new EntitySchema<A>(options);
  declared.push(schema as EntitySchema);
  return schema;
}

/** The mapped classes of all loaded modules. */
export function declaredSchemas(): readonly EntitySchema[] {
  return declared;
}
