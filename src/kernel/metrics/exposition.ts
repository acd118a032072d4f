import { Injectable, Logger } from '@nestjs/common';
import type { Metric, OpenMetricsContentType, Registry } from 'prom-client';
import { within } from '../domain/within.js';
import { type Family, Metrics } from './metrics.js';

/** PostgreSQL may be silent. Below the default scrape time-out of Prometheus, which is 10 s. */
const READ_MS = 5_000;

/** Writes our metrics and those of the process as OpenMetrics text. */
@Injectable()
export class Exposition {
  private readonly log = new Logger(Exposition.name);
  private registry: Promise<Registry<OpenMetricsContentType>> | undefined;

  constructor(private readonly metrics: Metrics) {}

  async write(): Promise<{ contentType: string; text: string }> {
    const registry = await (this.registry ??= makeRegistry());
    for (const family of this.metrics.families) {
      if (!registry.getSingleMetric(family.name)) registry.registerMetric(this.asMetric(family));
    }
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  /** A registry only uses the name of a metric and, at each scrape, its values. */
  private asMetric(family: Family): Metric {
    const { name, help, type } = family;
    const get = async () => {
      const readings = await within(READ_MS, family.read()).catch((error: unknown) => {
        // One metric that cannot be read must not fail the scrape: an outage is when metrics matter most.
        this.log.warn(`${name} could not be read: ${String(error)}`);
        return [];
      });
      const values = readings.map(({ suffix = '', labels, value }) => ({
        metricName: name + suffix,
        labels,
        value,
      }));
      return { name, help, type, values, aggregator: 'sum' };
    };
    return { name, type, get } as unknown as Metric;
  }
}

/** Loaded at the first scrape: it takes 10 MiB, and many installations are never scraped. */
async function makeRegistry(): Promise<Registry<OpenMetricsContentType>> {
  const { Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  return registry;
}
