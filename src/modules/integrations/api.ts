import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';

/** One remediation step as it is sent to a runner. */
export interface StepOrder {
  readonly remediationId: string;
  readonly incidentId: string;
  /** The same for all attempts: the runner's idempotency key. */
  readonly stepId: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly attempt: number;
}

/**
 * The outcome of a step. `unknown`: the runner may have received it and no usable response came, so it is never retried
 * automatically. `not_sent`: nothing was executed, so it may be retried, after `retryAfterSeconds` if the runner set it.
 */
export type StepAnswer =
  | { readonly status: 'succeeded' | 'failed'; readonly output: unknown }
  | { readonly status: 'unknown'; readonly reason: string }
  | { readonly status: 'not_sent'; readonly reason: string; readonly retryAfterSeconds: number | null };

/** Runs remediation steps through connected integrations such as `http_runner`. */
export abstract class StepRunners {
  /** @returns the integration that lists this action, or undefined when a person must do it */
  abstract runnerOf(
    tenantId: TenantId,
    action: string,
  ): Promise<{ readonly integrationId: string } | undefined>;

  /** Makes an outbound call: never inside a transaction. */
  abstract run(tenantId: TenantId, integrationId: string, order: StepOrder): Promise<StepAnswer>;
}

/** What an investigation asks of the tools that monitor a tenant's systems. */
export interface EvidenceQuestion {
  readonly service: string | null;
  readonly environment: string | null;
  readonly alertedAt: Date;
  /** The time window: a baseline before the alert, and everything since. */
  readonly from: Date;
  readonly to: Date;
}

/** The kinds of evidence that can be pulled, as `POST /v1/incidents/{incidentId}/evidence` names them. */
export type PulledType = 'metric' | 'log' | 'deployment' | 'code_change' | 'platform_event' | 'database';

/**
 * Storable JSON with the fields of attached evidence of the same type. Fields that the source did not have may be undefined.
 */
export type PulledRow = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

interface FromSource {
  readonly integrationId: string;
  readonly provider: string;
  /** The tenant's own name for the integration. */
  readonly source: string;
}

/** One citable piece: the query in the language of the source, and its rows. Untrusted data. */
export interface PulledPiece extends FromSource {
  readonly type: PulledType;
  readonly query: string;
  readonly rows: readonly PulledRow[];
}

/** What could not be read from a source and why, as a sentence for a person. */
export interface Unanswered extends FromSource {
  readonly missing: string;
}

/** Pulls evidence from connected integrations such as `prometheus`. */
export abstract class EvidenceSources {
  /**
   * Queries all of them concurrently, each with a time-out of 10 s and a limit of rows and bytes. A source that fails, has no
   * data or was truncated is reported as `missing` and never fails the others. Makes outbound calls: never inside a
   * transaction.
   *
   * @throws the reason of the signal once that is aborted; a source causes no other error
   */
  abstract pull(
    tenantId: TenantId,
    question: EvidenceQuestion,
    signal: AbortSignal,
  ): Promise<(PulledPiece | Unanswered)[]>;
}

/** A webhook request of a monitoring tool. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The raw body. */
  readonly raw: Buffer;
}

/** One alert of a monitoring tool, mapped to CauseFlow's fields. Its strings are untrusted and of any length. */
export interface Notice {
  readonly state: 'firing' | 'resolved';
  /** The same in all notices about one alert: the deduplication key, together with `DeliveryContent.idsUniquePer`. */
  readonly sourceAlertId: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A deploy, or another change, that a tool reported, mapped to CauseFlow's fields and storable. */
export interface ReportedDeploy {
  /** Absent for a deploy. */
  readonly type?: 'infra';
  /** The same in all reports of one deploy: the deduplication key. */
  readonly sourceChangeId: string;
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly summary: string;
  readonly url: string | null;
  readonly occurredAt: Date;
}

/**
 * Among which alerts an id is unique: those of the provider, those of one integration, or those of one kind in one integration
 * (`integration/metric_alert`).
 */
export type IdsUniquePer = 'provider' | 'integration' | `integration/${string}`;

/** The content of one body. */
export interface DeliveryContent {
  readonly notices: readonly Notice[];
  readonly idsUniquePer: IdsUniquePer;
  readonly deploys: readonly ReportedDeploy[];
}

/** Where webhooks of a provider arrive: the URL of one integration, or the one shared by all of a tenant. */
export interface IngestEndpoint {
  readonly tenantId: TenantId;
  readonly provider: string;
  /** Null for the shared URL. */
  readonly integrationId: string | null;
}

/** Authenticates and parses webhooks in the formats of providers such as `alertmanager` and `gitlab`. */
export abstract class AlertSources {
  /** @returns undefined for an unknown token, and soon after its integration was disconnected */
  abstract endpointOf(ingestToken: string): Promise<IngestEndpoint | undefined>;

  /**
   * Checks the tool's own signature or login, if an integration has the secret for it.
   * @throws Refusal `not_found` for a provider that sends no webhooks, `invalid_signature`
   */
  abstract verify(endpoint: IngestEndpoint, delivery: Delivery): Promise<void>;

  /**
   * Parses a body; one about something else yields nothing.
   * @throws Refusal `unsupported_media_type`, or `validation_error` for a body that is not in the provider's format at all
   */
  abstract read(endpoint: IngestEndpoint, delivery: Delivery): Promise<DeliveryContent>;
}

/** Takes decisions that people make by buttons in a chat such as `slack`. */
export abstract class ChatDecisions {
  /**
   * Checks the signature itself.
   * @returns false when the endpoint does not belong to a chat; else the body has been dealt with, whatever it was about
   * @throws Refusal `invalid_signature`, `unsupported_media_type`, `validation_error`
   */
  abstract take(endpoint: IngestEndpoint, delivery: Delivery): Promise<boolean>;
}
