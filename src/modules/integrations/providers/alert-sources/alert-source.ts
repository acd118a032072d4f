import { constantTimeEquals } from '#kernel/crypto/secrets';
import { Text } from '#kernel/http/fields';
import type { Delivery, Notice } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import type { Connection, Deploy, Provider } from '../provider.js';

export class AlertSourceConfig {
  @Text({
    max: 200,
    optional: true,
    summary: 'The environment of what names none, say of a cluster with an alerting of its own',
    example: 'production',
  })
  environment?: string;
}

class SigningSecret {
  @Text({
    max: 4000,
    optional: true,
    format: 'password',
    summary: 'What the tool signs its bodies with; once it is here, unsigned ones are refused',
    example: '…',
  })
  signingSecret?: string;
}

export interface Told {
  readonly provider: string;
  readonly displayName: string;
  /** Markdown: how to make the tool send to the `ingestUrl`. */
  readonly setupGuide: string;
  /** Media types beside JSON. */
  readonly mediaTypes?: readonly string[];
  /** What a body tells, as `Provider.alerts` says. One that tells of deploys tells of nothing else. */
  readonly notices?: (body: unknown) => readonly Notice[];
  readonly deploys?: (body: unknown) => readonly Deploy[];
}

/** A tool that calls us and that nobody calls: it sends to an address of its own, and can sign nothing. */
export function alertSource(told: Told): Provider<AlertSourceConfig, HttpLogin> {
  return {
    ...wordsOf(told),
    config: AlertSourceConfig,
    credentials: HttpLogin,
    alerts: {
      ...readingOf(told),
      verify: verifyLogin,
    },
  };
}

/** One that can sign what it sends. */
export function signedAlertSource<C extends AlertSourceConfig>(
  told: Told & {
    readonly config: new () => C;
    readonly verify: (secret: string, delivery: Delivery, config: C, now: Date) => boolean;
  },
): Provider<C, SigningSecret> {
  return {
    ...wordsOf(told),
    config: told.config,
    credentials: SigningSecret,
    alerts: {
      ...readingOf(told),
      verify: ({ config, credentials: { signingSecret } }, delivery, now) =>
        signingSecret === undefined ? undefined : told.verify(signingSecret, delivery, config, now),
    },
  };
}

/** Undefined where the integration was given no login. */
export function verifyLogin(
  { credentials }: Connection<object, HttpLogin>,
  { headers }: Delivery,
): boolean | undefined {
  const { authorization: expected } = authorization(credentials);
  const shown = headers['authorization']?.toString() ?? '';
  return expected === undefined ? undefined : constantTimeEquals(shown, expected);
}

export function wordsOf({ provider, displayName, setupGuide, deploys }: Told) {
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

export function readingOf({ mediaTypes = [], notices = () => [], deploys }: Told) {
  const environmentOf = ({ environment }: AlertSourceConfig) => environment;
  return { mediaTypes, notices, environmentOf, ...(deploys && { deploys }) };
}
