import { asTenantId, type TenantId } from '#kernel/domain/ids';

/** A token that identifies a row, and contains a secret that only its holder knows. */
export interface SecretToken {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly secret: string;
}

export function writeSecretToken({ tenantId, id, secret }: SecretToken): string {
  return `${tenantId}.${id}.${secret}`;
}

/** @returns undefined when malformed; the secret still has to be compared with the row */
export function readSecretToken(token: string): SecretToken | undefined {
  const [, tenant, id = '', secret = ''] = /^(\w+)\.([\w-]+)\.([\w-]{43})$/.exec(token) ?? [];
  const tenantId = asTenantId(tenant);
  return tenantId && { tenantId, id, secret };
}
