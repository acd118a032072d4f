import { constantTimeEquals } from '#kernel/crypto/secrets';
import { Text } from '#kernel/http/fields';
import type { Delivery, IdsUniquePer, Notice } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import type { Connection, Deploy, Provider } from '../provider.js';

export class AlertSourceConfig {
  @Text({
    max: 200,
    optional: true,
    summary: 'The environment of alerts and deploys that name none',
    example: 'production',
  })
  environment?: string;
}

class SigningSecret {
  @Text({
    max: 4000,
    optional: true,
    format: 'password',
    summary: 'The secret that signs webhook bodies. Once it is set, unsigned bodies are rejected',
    example: '…',
  })
  signingSecret?: string;
}

export interface AlertSourceOptions {
  readonly provider: string;
  readonly displayName: string;
  /** Markdown: how to make the tool send to the `ingestUrl`. */
  readonly setupGuide: string;
  /** Media types besides JSON. */
  readonly mediaTypes?: readonly string[];
  /** See `Provider.webhooks`. */
  readonly idsUniquePer?: IdsUniquePer | ((body: unknown) => IdsUniquePer);
  /** See `Provider.webhooks`. A source has either notices or deploys. */
  readonly notices?: (body: unknown) => readonly Notice[];
  readonly deploys?: (body: unknown) => readonly Deploy[];
}

/** A tool that sends webhooks and cannot sign them. */
export function alertSource(options: AlertSourceOptions): Provider<AlertSourceConfig, HttpLogin> {
  return {
    ...catalogEntryOf(options),
    config: AlertSourceConfig,
    credentials: HttpLogin,
    webhooks: {
      ...parsersOf(options),
      verify: verifyLogin,
    },
  };
}

/** A tool that sends webhooks and can sign them. */
export function signedAlertSource<C extends AlertSourceConfig>(
  options: AlertSourceOptions & {
    readonly config: new () => C;
    readonly verify: (secret: string, delivery: Delivery, config: C, now: Date) => boolean;
  },
): Provider<C, SigningSecret> {
  return {
    ...catalogEntryOf(options),
    config: options.config,
    credentials: SigningSecret,
    webhooks: {
      ...parsersOf(options),
      verify: ({ config, credentials: { signingSecret } }, delivery, now) =>
        signingSecret === undefined ? undefined : options.verify(signingSecret, delivery, config, now),
    },
  };
}

/** Undefined when the integration has no login. */
export function verifyLogin(
  { credentials }: Connection<object, HttpLogin>,
  { headers }: Delivery,
): boolean | undefined {
  const { authorization: expected } = authorization(credentials);
  const shown = headers['authorization']?.toString() ?? '';
  return expected === undefined ? undefined : constantTimeEquals(shown, expected);
}

export function catalogEntryOf({ provider, displayName, setupGuide, deploys }: AlertSourceOptions) {
  return {
    provider,
    displayName,
    setupGuide,
    category: deploys ? 'code' : 'alerts',
    capabilities: [deploys ? 'deploys' : 'alerts'],
    authType: 'ingest_token',
    probe: () => Promise.resolve(),
  } as const;
}

export function parsersOf(options: AlertSourceOptions) {
  const { mediaTypes = [], idsUniquePer, notices = () => [], deploys } = options;
  const environmentOf = ({ environment }: AlertSourceConfig) => environment;
  return {
    mediaTypes,
    notices,
    environmentOf,
    ...(idsUniquePer && { idsUniquePer }),
    ...(deploys && { deploys }),
  };
}
