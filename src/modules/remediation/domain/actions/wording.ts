import type { Params } from './action.js';

/** "checkout in production". */
export function place(service: string, environment: string | null): string {
  return environment === null ? service : `${service} in ${environment}`;
}

/** A text among parameters that came from a store or from another module; null when it is no text. */
export function textOf(params: Params, name: string): string | null {
  const value = params[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
