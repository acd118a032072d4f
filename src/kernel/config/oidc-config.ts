import type { EnvironmentReader } from './environment.js';

const CLAIM = /^[\x21-\x7e]{1,200}$/;

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string | undefined;
  readonly tenantClaim: string;
  readonly rolesClaim: string;
  readonly emailClaim: string;
}

export function readOidc(read: EnvironmentReader): OidcConfig | undefined {
  const issuer = read.url('OIDC_ISSUER', ['https:', 'http:']);
  const audience = read.text('OIDC_AUDIENCE');
  const jwksUri = read.url('OIDC_JWKS_URI', ['https:', 'http:']);
  const claim = (name: string, fallback: string) =>
    read.matching(name, CLAIM, 'the name of a claim') ?? fallback;
  const claims = {
    tenantClaim: claim('OIDC_TENANT_CLAIM', 'tenant_id'),
    rolesClaim: claim('OIDC_ROLES_CLAIM', 'roles'),
    emailClaim: claim('OIDC_EMAIL_CLAIM', 'email'),
  };
  if (read.text('OIDC_ISSUER') === undefined) {
    // The author of half a configuration believes that single sign-on is on.
    if (audience ?? jwksUri) read.fault('OIDC_ISSUER is missing, but other OIDC variables are set.');
    return undefined;
  }
  if (audience === undefined) read.fault('OIDC_AUDIENCE is missing: it is required with OIDC_ISSUER.');
  return { issuer: issuer ?? '', audience: audience ?? '', jwksUri, ...claims };
}
