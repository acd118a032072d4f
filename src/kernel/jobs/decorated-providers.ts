import type { DiscoveryService } from '@nestjs/core';
import type { JobHandler } from './job-handler.js';

/** The instances of the classes with a decorator, each with the name given to the decorator. */
export function decoratedProviders<T>(
  discovery: DiscoveryService,
  decorator: typeof JobHandler,
): [string, T][] {
  return discovery.getProviders().flatMap((wrapper): [string, T][] => {
    const name = wrapper.metatype && discovery.getMetadataByDecorator(decorator, wrapper);
    return name ? [[name, wrapper.instance as T]] : [];
  });
}
