import type { INestApplication, Type } from '@nestjs/common';
import { DECORATORS, type OpenAPIObject } from '@nestjs/swagger';
import { type Access, ACCESS } from '../principal.js';

type Scheme = Exclude<
  NonNullable<NonNullable<OpenAPIObject['components']>['securitySchemes']>[string],
  { $ref: string }
>;
type Requirement = Record<string, string[]>;

/**
 * Without the ticket of a stream, which is a parameter: generated clients try a token in every scheme that an operation lists, and
 * addresses end up in logs.
 */
export const SECURITY_SCHEMES: Readonly<Record<string, Scheme>> = {
  bearerAuth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'The `accessToken` of a sign-in, or a token of the configured OIDC issuer. Lists the required role.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'cflo_<64 hex>',
    description: 'An API key instead of a token. Lists the required scope.',
  },
  webhookKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'An API key with the scope `webhooks:write`.',
  },
  webhookSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Webhook-Signature',
    description:
      'Hex HMAC-SHA256 of the raw body under the webhook secret of the key, with or without the prefix `sha256=`.',
  },
};

/** The OpenAPI security requirements, any one of which is enough. Derived from the metadata that the guard checks. */
export function securityFor({ public: open, role, scope }: Access): Requirement[] {
  if (open) return [];
  return [{ bearerAuth: role ? [role] : [] }, ...(scope ? [{ apiKey: [scope] }] : [])];
}

interface Controllers {
  readonly container: {
    getModules(): ReadonlyMap<unknown, { readonly controllers: ReadonlyMap<unknown, { metatype: Type }> }>;
  };
}

/** The `@Allow` of each operation, by operationId. As in the guard, a method's overrides its class's. */
export function accessByOperation(app: INestApplication): Map<string, Access> {
  // As @nestjs/swagger does it.
  const modules = (app as unknown as Controllers).container.getModules().values();
  const classes = [...modules].flatMap(({ controllers }) => [...controllers.values()]);
  return new Map(classes.flatMap(({ metatype }) => accessesOf(metatype)));
}

function accessesOf(controller: Type): [string, Access][] {
  const prototype = controller.prototype as object;
  return Object.getOwnPropertyNames(prototype).flatMap((name): [string, Access][] => {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof method !== 'function') return [];
    const operation = Reflect.getMetadata(DECORATORS.API_OPERATION, method) as
      { operationId?: string } | undefined;
    const access = (Reflect.getMetadata(ACCESS, method) ?? Reflect.getMetadata(ACCESS, controller)) as
      Access | undefined;
    // The default name of @nestjs/swagger.
    const operationId = operation?.operationId ?? `${controller.name}_${name}`;
    return access ? [[operationId, access]] : [];
  });
}
