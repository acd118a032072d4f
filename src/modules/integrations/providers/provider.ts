import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { words } from '#kernel/domain/words';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import type {
  Delivery,
  EvidenceQuestion,
  IdsUniquePer,
  Notice,
  PulledPiece,
  StepAnswer,
  StepOrder,
  ReportedDeploy,
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
  'chat',
] as const;
export const CAPABILITIES = words('Capability', ['run_steps', 'evidence', 'alerts', 'deploys', 'messages']);
export const AUTH_TYPES = ['shared_secret', 'login', 'token', 'ingest_token'] as const;

/** A tenant's config and credentials, validated by the provider's classes. */
export interface Connection<C extends object = object, S extends object = object> {
  readonly config: C;
  readonly credentials: S;
}

/** The network and the clock, as providers may use them. */
@Injectable()
export class Outside {
  constructor(
    readonly http: GuardedFetch,
    readonly clock: Clock,
  ) {}
}

/** A call to the tool failed. The message is a sentence for a person and holds no secret. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  /** The header of that name, from a tool that is busy. */
  readonly retryAfter: string | undefined;
  /** Something is wrong with this one request: the tool may take others. */
  readonly isRefusal: boolean;

  constructor(
    message: string,
    options?: ErrorOptions & { readonly retryAfter?: string | undefined; readonly isRefusal?: boolean },
  ) {
    super(message, options);
    this.retryAfter = options?.retryAfter;
    this.isRefusal = options?.isRefusal ?? false;
  }
}

/** What people are told in a chat. Its strings are untrusted and of any length. */
export interface Message {
  /** What happened. */
  readonly headline: string;
  /** What it happened to, such as the title of an incident. */
  readonly subject: string | null;
  /** What the tenant wants to say. */
  readonly text: string | null;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly lists: readonly { readonly name: string; readonly items: readonly string[] }[];
  /** Where to look further: ids, and who sent it. */
  readonly references: readonly string[];
  /** The approval request that it asks people to decide on. */
  readonly approvalId: string | null;
  /** Whether it is also for those who do not follow the thread. */
  readonly isForEverybody: boolean;
}

/** A decision that a person made by a button of a message. */
export interface ChatDecision {
  readonly approvalId: string;
  readonly decision: 'approve' | 'reject';
  /** The chat's id of the person. */
  readonly person: string;
  /** Where the button is, as the chat names it: the channel, and the message that its thread begins with. */
  readonly channel: string;
  readonly message: string;
}

/** The answer to a decision: for everybody who saw the message if it counted, otherwise for that person alone. */
export interface DecisionReply {
  readonly counted: boolean;
  readonly text: string;
}

/** What a source yields: a piece of evidence, or what is missing and why. */
export type SourceAnswer = Pick<PulledPiece, 'type' | 'query' | 'rows'> | Pick<Unanswered, 'missing'>;

/** A deploy as a tool reports it. Its strings are untrusted and of any length. */
export type Deploy = Omit<ReportedDeploy, 'occurredAt'> & { readonly occurredAt: Date | undefined };

/** A tool that can be connected. Its fields and classes drive the catalogue, forms, validation and masking. */
export interface Provider<C extends object = object, S extends object = object> {
  /** Stable: part of URLs, events and rows. */
  readonly provider: string;
  readonly displayName: string;
  readonly category: (typeof CATEGORIES)[number];
  readonly capabilities: readonly (typeof CAPABILITIES)[number][];
  readonly authType: (typeof AUTH_TYPES)[number];
  readonly config: new () => C;
  /** Every property of this class is a secret: encrypted at rest and never returned. */
  readonly credentials: new () => S;
  /** Markdown for the person who connects it. */
  readonly setupGuide: string;

  /** Calls the tool to verify the connection; does nothing for a tool that is only a sender. @throws ProviderError */
  probe(connection: Connection<C, S>, outside: Outside): Promise<void>;

  /** Present when it can `run_steps`. */
  readonly steps?: {
    actionsOf(config: C): readonly string[];
    run(connection: Connection<C, S>, order: StepOrder, outside: Outside): Promise<StepAnswer>;
  };

  /** Present when it can send `messages` to people. */
  readonly messages?: {
    /** The same for connections that share a limit of requests: one that is told to wait lets all of them wait. */
    installationOf(connection: Connection<C, S>): string;

    /**
     * @param thread of the earlier messages about the same incident; if it is gone, the message is sent all the same
     * @returns the thread that the message is in, or begins; undefined if the chat does not tell
     * @throws ProviderError, after which the message is sent again: one whose answer is lost may appear twice
     */
    send(
      connection: Connection<C, S>,
      message: Message,
      thread: string | undefined,
      outside: Outside,
      signal: AbortSignal,
    ): Promise<string | undefined>;
  };

  /** Present when plans can be approved by buttons of its messages; it has `webhooks.verify` then, which never returns undefined. */
  readonly decisions?: {
    /** @returns undefined for a body about anything else */
    read(body: unknown): ChatDecision | undefined;

    /** The user that a person of the chat is, if the tenant has said so. */
    userOf(config: C, person: string): string | undefined;

    /** @throws ProviderError */
    reply(
      connection: Connection<C, S>,
      decision: ChatDecision,
      reply: DecisionReply,
      outside: Outside,
      signal: AbortSignal,
    ): Promise<void>;
  };

  /** Present when evidence can be pulled from it. */
  readonly evidence?: {
    /** Whether it is queried for incidents of this service; absent, for all. */
    concerns?(config: C, service: string | null): boolean;

    /**
     * Reads only, and stops when the signal is aborted. What it yielded before it failed or was stopped is kept.
     * @throws ProviderError
     */
    pull(
      connection: Connection<C, S>,
      question: EvidenceQuestion,
      outside: Outside,
      signal: AbortSignal,
    ): AsyncIterable<SourceAnswer>;
  };

  /** Present when it sends webhooks: of alerts, of deploys, or of decisions. */
  readonly webhooks?: {
    /** Media types of its bodies, besides JSON. */
    readonly mediaTypes: readonly string[];

    /**
     * Set if each server of the tool counts its ids for itself, so that two servers send the same id for different alerts. A function
     * where that depends on the body.
     */
    readonly idsUniquePer?: IdsUniquePer | ((body: unknown) => IdsUniquePer);

    /** The environment of alerts and deploys that name none. */
    environmentOf?(config: C): string | undefined;

    /** Whether the signature or login is right; undefined when the connection requires none. */
    verify(connection: Connection<C, S>, delivery: Delivery, now: Date): boolean | undefined;

    /**
     * The same for a sender that signs with a certificate, which has to be fetched.
     * @throws ProviderError when the certificate cannot be fetched
     */
    verifyCertificate?(
      connection: Connection<C, S>,
      delivery: Delivery,
      outside: Outside,
    ): Promise<boolean | undefined>;

    /**
     * The URL that confirms a webhook subscription; undefined for any body that does not ask for a confirmation. It is called
     * with GET, so it must never be taken from the body.
     * @throws Refusal `validation_error`
     */
    confirmationUrl?(body: unknown): string | undefined;

    /**
     * The alerts of a body in its order; none when it is about something else.
     * @param body JSON, or the fields of a form
     * @param config of the integration whose own URL the body came to; a body at the shared URL may be of any of them
     * @throws Refusal `validation_error` for a body that is not in the provider's format at all
     */
    notices(body: unknown, config?: C): readonly Notice[];

    /**
     * The deploys of a body, for a provider that reports deploys.
     * @param configs of the integrations that the body may come from
     */
    deploys?(body: unknown, configs: readonly C[]): readonly Deploy[];
  };
}
