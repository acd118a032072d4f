import { ListOf, Text } from '#kernel/http/fields';
import { EnvironmentLabel, ServiceLabels } from '../labels.js';
import { WebAddress } from '../web-address.js';

export const DEFAULT_SERVICE_LABELS: readonly string[] = [
  'service',
  'service_name',
  'app',
  'application',
  'component',
  'container',
  'job',
];

export class PrometheusQuery {
  @Text({ max: 100, summary: 'Its name in findings', example: 'checkout_latency_p99' })
  metric!: string;

  @Text({
    max: 5000,
    summary: 'PromQL; $service, $environment and $rate (a window for rate) are filled in',
    example: 'histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket{service="$service"}[$rate])))',
  })
  query!: string;

  @Text({ max: 20, optional: true, summary: 'Unit of its values', example: 's' })
  unit?: string;
}

export class PrometheusConfig {
  @WebAddress({
    summary: 'Base URL of its HTTP API, without /api/v1',
    example: 'https://prometheus.example.com',
  })
  url!: string;

  @ServiceLabels({ default: DEFAULT_SERVICE_LABELS, example: ['service', 'job'] })
  serviceLabels?: string[];

  @EnvironmentLabel()
  environmentLabel?: string;

  @ListOf(() => PrometheusQuery, {
    max: 50,
    optional: true,
    summary: 'Replace the queries that are discovered automatically',
    example: [],
  })
  queries?: PrometheusQuery[];
}
