import type { Params } from './action.js';

/** "checkout in production". */
export function inEnvironment(service: string, environment: string | null): string {
  return environment === null ? service : `${service} in ${environment}`;
}

/** A string parameter from untrusted JSON; null when it is absent, empty or not a string. */
export function stringParam(params: Params, name: string): string | null {
  const value = params[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
