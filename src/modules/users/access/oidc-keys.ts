import { lookup } from 'node:dns';
import { passportJwtSecret } from 'jwks-rsa';
import type { OidcConfig } from '#kernel/config/oidc-config';
import { exchange } from '#kernel/net/exchange';
import { TtlCache } from '#kernel/persistence/ttl-cache';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 512 * 1024;
const KEY_LIFETIME_MS = 10 * 60_000;
/** How long cached keys stay valid while the provider does not respond. */
const OUTAGE_MS = 3600_000;
/** Limits requests to the provider: tokens with unknown key ids must not cause one each. */
const REFETCH_SECONDS = 10;

/** Looks up the signing key of a token by its key id, for passport-jwt. */
export function oidcKeys(oidc: OidcConfig): ReturnType<typeof passportJwtSecret> {
  const published = new TtlCache({
    ttlSeconds: REFETCH_SECONDS,
    maxEntries: 1,
    load: () => publishedKeys(oidc),
  });
  return passportJwtSecret({
    // Used by the library in messages only; the fetcher makes the request.
    jwksUri: oidc.jwksUri ?? oidc.issuer,
    fetcher: () => published.get(oidc.issuer),
    cacheMaxAge: KEY_LIFETIME_MS,
    cacheMaxAgeFallback: OUTAGE_MS,
    handleSigningKeyError: (error, done) => done(error ?? new Error('No key')),
  });
}

async function publishedKeys({ issuer, jwksUri }: OidcConfig): Promise<{ keys: unknown }> {
  const { keys } = await json(jwksUri ?? (await discoveredUri(issuer)));
  return { keys };
}

async function discoveredUri(issuer: string): Promise<string> {
  const found = await json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (found['issuer'] !== issuer) throw new Error(`${issuer} announces itself as ${String(found['issuer'])}`);
  if (typeof found['jwks_uri'] !== 'string') throw new Error(`${issuer} has no jwks_uri`);
  return found['jwks_uri'];
}

/** The operator configured these URLs, so they may be private; time and response size are still bounded. */
async function json(address: string): Promise<Record<string, unknown>> {
  const call = { method: 'GET', url: address, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_BYTES };
  const { status, body } = await exchange(new URL(address), call, lookup);
  if (status !== 200) throw new Error(`${address} answered ${status}`);
  const answer: unknown = JSON.parse(body.toString('utf8'));
  if (typeof answer !== 'object' || answer === null) throw new Error(`${address} did not answer an object`);
  return answer as Record<string, unknown>;
}
