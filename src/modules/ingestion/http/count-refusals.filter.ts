import { Catch } from '@nestjs/common';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import { ErrorEnvelopeFilter } from '#kernel/http/error-envelope.filter';
import { KnownMethods } from '#kernel/http/known-methods';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/**
 * Counts alerts that were not accepted: `refused` because of the sender or its limits, `failed` because of this installation.
 * As an exception filter, it costs accepted alerts nothing.
 */
@Catch()
export class CountRefusals extends ErrorEnvelopeFilter {
  private readonly refused: Counter;
  private readonly failed: Counter;

  constructor(known: KnownMethods, metrics: Metrics) {
    super(known);
    const count = (outcome: string): Counter =>
      metrics.counter('causeflow_alerts', 'Alerts by outcome', { outcome });
    this.refused = count('refused');
    this.failed = count('failed');
  }

  override refusalFrom(thrown: unknown, request: CallRequest, response: Response): Refusal {
    const refusal = super.refusalFrom(thrown, request, response);
    if (isOurFault(refusal)) this.failed.add();
    else if (refusal.code !== 'duplicate_alert') this.refused.add();
    return refusal;
  }
}

/** The 503 of a native source that is over its tenant's limit was a 429 first. */
function isOurFault({ status, cause }: Refusal): boolean {
  return status >= 500 && !(cause instanceof Refusal);
}
