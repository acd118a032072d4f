import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** Memory of this process. */
@Injectable()
export class ProcessFigures {
  constructor(metrics: Metrics) {
    metrics.gauge('causeflow_process_resident_bytes', 'Memory of this process', () =>
      process.memoryUsage.rss(),
    );
    metrics.gauge(
      'causeflow_process_heap_bytes',
      'Of that, JavaScript objects, including garbage not collected yet',
      () => process.memoryUsage().heapUsed,
    );
  }
}
