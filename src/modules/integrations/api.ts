import type { TenantId } from '#kernel/domain/ids';

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
