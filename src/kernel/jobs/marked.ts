import type { DiscoveryService } from '@nestjs/core';
import type { JobHandler } from './job-handler.js';

/** The instances of the classes that bear a decorator, each with the name that it was given. */
export function marked<T>(discovery: DiscoveryService, decorator: typeof JobHandler): [string, T][] {
  return discovery.getProviders().flatMap((wrapper): [string, T][] => {
    const name = wrapper.metatype && discovery.getMetadataByDecorator(decorator, wrapper);
    return name ? [[name, wrapper.instance as T]] : [];
  });
}
