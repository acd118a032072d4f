import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { words } from '#kernel/domain/words';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import type {
  Delivery,
  EvidenceQuestion,
  Notice,
  PulledPiece,
  StepAnswer,
  StepOrder,
  ToldDeploy,
  Unanswered,
} from '../api.js';

export const CATEGORIES = [
  'automation',
  'metrics',
  'logs',
  'database',
  'code',
  'platform',
  'alerts',
] as const;
export const CAPABILITIES = words('Capability', ['run_steps', 'evidence', 'alerts', 'deploys']);
export const AUTH_TYPES = ['shared_secret', 'login', 'token', 'ingest_token'] as const;

/** What a tenant told us about its side, checked against the provider's classes. */
export interface Connection<C extends object = object, S extends object = object> {
  readonly config: C;
  readonly credentials: S;
}

/** The world outside, as far as a provider may touch it. */
@Injectable()
export class Outside {
  constructor(
    readonly http: GuardedFetch,
    readonly clock: Clock,
  ) {}
}

/** The other side did not answer as it should; the message is a sentence for a person and holds no secret. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** What a source tells as it goes along: a piece of evidence, or what it could not tell. */
export type SourceAnswer = Pick<PulledPiece, 'type' | 'query' | 'rows'> | Pick<Unanswered, 'missing'>;

/** A deploy as a tool tells it: its texts are of any length and with anything in them. */
export type Deploy = Omit<ToldDeploy, 'occurredAt'> & { readonly occurredAt: Date | undefined };

/** A tool that can be connected. Its words and classes drive catalogue, forms, validation and masking. */
export interface Provider<C extends object = object, S extends object = object> {
  /** Stable: part of addresses, events and rows. */
  readonly provider: string;
  readonly displayName: string;
  readonly category: (typeof CATEGORIES)[number];
  readonly capabilities: readonly (typeof CAPABILITIES)[number][];
  readonly authType: (typeof AUTH_TYPES)[number];
  readonly config: new () => C;
  /** Every property of this class is a secret: sealed at rest and never answered. */
  readonly credentials: new () => S;
  /** Markdown for the person who connects it. */
  readonly setupGuide: string;

  /** Calls the other side for real; where only the other side calls, there is nothing to do. @throws NoAnswer */
  probe(connection: Connection<C, S>, outside: Outside): Promise<void>;

  /** Present when it can `run_steps`. */
  readonly steps?: {
    actionsOf(config: C): readonly string[];
    run(connection: Connection<C, S>, order: StepOrder, outside: Outside): Promise<StepAnswer>;
  };

  /** Present when it can be asked for `evidence`. */
  readonly evidence?: {
    /** Whether the tenant wants it to be asked about incidents of this service; absent, about all. */
    concerns?(config: C, service: string | null): boolean;

    /**
     * Reads only, and gives up when the signal says so. What it has told before it fails or is cut off, counts.
     * @throws NoAnswer
     */
    pull(
      connection: Connection<C, S>,
      question: EvidenceQuestion,
      outside: Outside,
      signal: AbortSignal,
    ): AsyncIterable<SourceAnswer>;
  };

  /** Present when it calls us, to tell of `alerts` or of `deploys`. */
  readonly alerts?: {
    /** In which bodies come, beside JSON. */
    readonly mediaTypes: readonly string[];

    /** The environment of what names none. */
    environmentOf?(config: C): string | undefined;

    /** Whether the sender has shown what this connection wants; undefined where it wants nothing. */
    verify(connection: Connection<C, S>, delivery: Delivery, now: Date): boolean | undefined;

    /**
     * The same for a sender that signs with a certificate of its own, which is fetched first.
     * @throws NoAnswer when the certificate cannot be fetched
     */
    verifyCertificate?(
      connection: Connection<C, S>,
      delivery: Delivery,
      outside: Outside,
    ): Promise<boolean | undefined>;

    /**
     * The address that a new sender asks to have called before it sends anything; undefined for any other body. It is called
     * with GET, so its host is the provider's to choose, never the body's.
     * @throws Refusal `validation_error`
     */
    confirmationUrl?(body: unknown): string | undefined;

    /**
     * What a body tells; nothing when it is about something else.
     * @param body JSON, or the fields of a form
     * @throws Refusal `validation_error` for what is not the provider's format at all
     */
    notices(body: unknown): readonly Notice[];

    /**
     * The deploys that a body tells of, where it can tell of any.
     * @param configs of the integrations that it may come from
     */
    deploys?(body: unknown, configs: readonly C[]): readonly Deploy[];
  };
}
