import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** What this process takes of the machine. */
@Injectable()
export class ProcessFigures {
  constructor(metrics: Metrics) {
    metrics.gauge('causeflow_process_resident_bytes', 'Memory of this process', () =>
      process.memoryUsage.rss(),
    );
    metrics.gauge(
      'causeflow_process_heap_bytes',
      'Of that, objects of JavaScript, with those that nobody needs any more',
      () => process.memoryUsage().heapUsed,
    );
  }
}
