import { Catch } from '@nestjs/common';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import { ErrorEnvelopeFilter } from '#kernel/http/error-envelope.filter';
import { KnownMethods } from '#kernel/http/known-methods';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** Counts refused alerts. As an exception filter, it costs accepted alerts nothing. */
@Catch()
export class CountRefusals extends ErrorEnvelopeFilter {
  private readonly refused: Counter;

  constructor(known: KnownMethods, metrics: Metrics) {
    super(known);
    this.refused = metrics.counter('causeflow_alerts', 'Alerts by outcome', {
      outcome: 'refused',
    });
  }

  override refusalFrom(thrown: unknown, request: CallRequest, response: Response): Refusal {
    if (!(thrown instanceof Refusal && thrown.code === 'duplicate_alert')) this.refused.add();
    return super.refusalFrom(thrown, request, response);
  }
}
