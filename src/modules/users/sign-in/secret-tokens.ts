import { asTenantId, type TenantId } from '#kernel/domain/ids';

/** What is handed out for a row that has to be found again, and the secret that only its holder knows. */
export interface SecretToken {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly secret: string;
}

export function writeSecretToken({ tenantId, id, secret }: SecretToken): string {
  return `${tenantId}.${id}.${secret}`;
}

/** @returns undefined for what was never handed out; whether the secret is right, only the row can tell */
export function readSecretToken(token: string): SecretToken | undefined {
  const [, tenant, id = '', secret = ''] = /^(\w+)\.([\w-]+)\.([\w-]{43})$/.exec(token) ?? [];
  const tenantId = asTenantId(tenant);
  return tenantId && { tenantId, id, secret };
}
