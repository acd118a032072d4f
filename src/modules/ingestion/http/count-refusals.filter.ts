import { Catch } from '@nestjs/common';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import { ErrorEnvelopeFilter } from '#kernel/http/error-envelope.filter';
import { KnownMethods } from '#kernel/http/known-methods';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** Counts the alerts that were not taken. A filter, so that those that are taken pay nothing for it. */
@Catch()
export class CountRefusals extends ErrorEnvelopeFilter {
  private readonly refused: Counter;

  constructor(known: KnownMethods, metrics: Metrics) {
    super(known);
    this.refused = metrics.counter('causeflow_alerts', 'Alerts by what became of them', {
      outcome: 'refused',
    });
  }

  override refusalFrom(thrown: unknown, request: CallRequest, response: Response): Refusal {
    if (!(thrown instanceof Refusal && thrown.code === 'duplicate_alert')) this.refused.add();
    return super.refusalFrom(thrown, request, response);
  }
}
