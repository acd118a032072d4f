import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';

/** One remediation step as it is sent to whoever runs it. */
export interface StepOrder {
  readonly remediationId: string;
  readonly incidentId: string;
  /** The same over all attempts: the runner tells repeats by it. */
  readonly stepId: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly attempt: number;
}

/**
 * What came back. `unknown`: bytes may have arrived and no usable answer came, so nobody may send it again by himself.
 * `not_sent`: surely nothing happened, so it may be sent again, after `retryAfterSeconds` where the runner named one.
 */
export type StepAnswer =
  | { readonly status: 'succeeded' | 'failed'; readonly output: unknown }
  | { readonly status: 'unknown'; readonly reason: string }
  | { readonly status: 'not_sent'; readonly reason: string; readonly retryAfterSeconds: number | null };

/** Those who can carry out steps: connected integrations such as `http_runner`. */
export abstract class StepRunners {
  /** @returns the integration that lists this action, or undefined when a person must do it */
  abstract runnerOf(
    tenantId: TenantId,
    action: string,
  ): Promise<{ readonly integrationId: string } | undefined>;

  /** Makes an outbound call: never inside a transaction. */
  abstract run(tenantId: TenantId, integrationId: string, order: StepOrder): Promise<StepAnswer>;
}

/** What an investigation wants to know of the tools that watch a tenant's systems. */
export interface EvidenceQuestion {
  readonly service: string | null;
  readonly environment: string | null;
  readonly alertedAt: Date;
  /** The window to look at: some normal time before the alert, and what has happened since. */
  readonly from: Date;
  readonly to: Date;
}

/** The kinds of evidence that can be pulled, as `POST /v1/incidents/{incidentId}/evidence` names them. */
export type PulledType = 'metric' | 'log' | 'deployment' | 'code_change' | 'platform_event' | 'database';

/**
 * Plain JSON that a database can hold, with the fields that attached evidence of the same type has. What a source did
 * not say may be undefined.
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

/** One citable piece: what was asked, in the language of the source, and what it answered. Untrusted data. */
export interface PulledPiece extends FromSource {
  readonly type: PulledType;
  readonly query: string;
  readonly rows: readonly PulledRow[];
}

/** What a source did not tell, and why, as a sentence for a person. */
export interface Unanswered extends FromSource {
  readonly missing: string;
}

/** Those who can be asked for evidence: connected integrations such as `prometheus`. */
export abstract class EvidenceSources {
  /**
   * Asks all of them side by side, each for at most 10 s and up to a cap of rows and bytes. A source that fails, has
   * nothing or was cut short is told as `missing`; it never fails the others. Makes outbound calls: never inside a
   * transaction.
   *
   * @throws the reason of the signal, once that is aborted, and nothing else that a source could cause
   */
  abstract pull(
    tenantId: TenantId,
    question: EvidenceQuestion,
    signal: AbortSignal,
  ): Promise<(PulledPiece | Unanswered)[]>;
}

/** A body as a monitoring tool delivered it. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came. */
  readonly raw: Buffer;
}

/** What a monitoring tool tells of one alert, in our words. Its texts are of any length and with anything in them. */
export interface Notice {
  readonly state: 'firing' | 'resolved';
  /** The same in all notices about one alert. */
  readonly sourceAlertId: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A deploy that a tool tells of, in our words and as the database can hold it. */
export interface ToldDeploy {
  /** The same in all that is told of it. */
  readonly sourceChangeId: string;
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly summary: string;
  readonly url: string | null;
  readonly occurredAt: Date;
}

/** What one body tells. */
export interface Told {
  readonly notices: readonly Notice[];
  readonly deploys: readonly ToldDeploy[];
}

/** Where alerts of a provider are delivered to: an integration's own address, or the one that all of a tenant share. */
export interface AlertInlet {
  readonly tenantId: TenantId;
  readonly provider: string;
  /** Null for the shared address. */
  readonly integrationId: string | null;
}

/** Those who tell of alerts and deploys in their own formats: providers such as `alertmanager` and `gitlab`. */
export abstract class AlertSources {
  /** @returns undefined for a token that nobody has, or whose integration was disconnected a few seconds ago */
  abstract inletOf(ingestToken: string): Promise<AlertInlet | undefined>;

  /**
   * Checks the tool's own signature or login, where an integration holds the secret for it.
   * @throws Refusal `not_found` for a provider that tells of nothing by itself, `invalid_signature`
   */
  abstract verify(inlet: AlertInlet, delivery: Delivery): Promise<void>;

  /**
   * What a body tells; nothing when it is about something else.
   * @throws Refusal `unsupported_media_type`, or `validation_error` for what is not the provider's format at all
   */
  abstract read(inlet: AlertInlet, delivery: Delivery): Promise<Told>;
}
