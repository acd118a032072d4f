import { lookup } from 'node:dns';
import { passportJwtSecret } from 'jwks-rsa';
import type { OidcConfig } from '#kernel/config/oidc-config';
import { exchange } from '#kernel/net/exchange';
import { Recent } from '#kernel/persistence/recent';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 512 * 1024;
const KEY_LIFE_MS = 10 * 60_000;
/** How long keys that are known stay good while the provider does not answer. */
const OUTAGE_MS = 3600_000;
/** A token that names a key nobody knows must not make us ask the provider for each of them. */
const ASK_AGAIN_SECONDS = 10;

/** Finds the key that a token of the provider names, for passport-jwt. */
export function oidcKeys(oidc: OidcConfig): ReturnType<typeof passportJwtSecret> {
  const published = new Recent({ seconds: ASK_AGAIN_SECONDS, most: 1, load: () => publishedKeys(oidc) });
  return passportJwtSecret({
    // Only a name in the library's messages: the fetcher knows where to ask.
    jwksUri: oidc.jwksUri ?? oidc.issuer,
    fetcher: () => published.get(oidc.issuer),
    cacheMaxAge: KEY_LIFE_MS,
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
  if (found['issuer'] !== issuer) throw new Error(`${issuer} says it is ${String(found['issuer'])}`);
  if (typeof found['jwks_uri'] !== 'string') throw new Error(`${issuer} does not say where its keys are`);
  return found['jwks_uri'];
}

/** The operator chose these addresses, so they may be private; what comes from there is bounded all the same. */
async function json(address: string): Promise<Record<string, unknown>> {
  const call = { method: 'GET', url: address, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_BYTES };
  const { status, body } = await exchange(new URL(address), call, lookup);
  if (status !== 200) throw new Error(`${address} answered ${status}`);
  const answer: unknown = JSON.parse(body.toString('utf8'));
  if (typeof answer !== 'object' || answer === null) throw new Error(`${address} did not answer an object`);
  return answer as Record<string, unknown>;
}
