import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Histogram } from './instruments.js';
import { Metrics } from './metrics.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Times every request by its route template. Paths would make an unbounded number of series. */
@Injectable()
export class RequestDurations {
  private readonly histograms = new Map<string, Histogram>();

  constructor(private readonly metrics: Metrics) {}

  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('finish', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      this.histogramOf(request.method, routeOf(request), response.statusCode).observe(seconds);
    });
    next();
  };

  histogramOf(method: string, route: string, status: number): Histogram {
    const key = `${method} ${String(status)} ${route}`;
    let histogram = this.histograms.get(key);
    if (!histogram) {
      histogram = this.metrics.histogram(
        'causeflow_http_request_duration_seconds',
        'From the first byte of a request to the last byte of its answer',
        SECONDS,
        { method, route, status },
      );
      this.histograms.set(key, histogram);
    }
    return histogram;
  }
}

/** Known once the request is routed; a request refused before has none. */
function routeOf({ route }: Request): string {
  return (route as { path: string } | undefined)?.path ?? 'none';
}
