import { ArrayUnique, Matches } from 'class-validator';
import { ListOf, Text, Texts } from '#kernel/http/fields';
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

const LABEL = /^[a-zA-Z_]\w*$/;

export class PrometheusQuery {
  @Text({ max: 100, summary: 'What it is called in findings', example: 'checkout_latency_p99' })
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
    summary: 'Where its HTTP API is, without /api/v1',
    example: 'https://prometheus.example.com',
  })
  url!: string;

  @Texts({
    max: 10,
    maxLength: 100,
    optional: true,
    default: DEFAULT_SERVICE_LABELS,
    summary: 'The labels that may name the service of an incident, the best first',
    example: ['service', 'job'],
  })
  @ArrayUnique()
  @Matches(LABEL, { each: true, message: 'serviceLabels must be names of labels' })
  serviceLabels?: string[];

  @Text({
    max: 100,
    optional: true,
    summary: 'The label that names the environment; without it all environments are read together',
    example: 'environment',
  })
  @Matches(LABEL, { message: 'environmentLabel must be the name of a label' })
  environmentLabel?: string;

  @ListOf(() => PrometheusQuery, {
    max: 50,
    optional: true,
    summary: 'Asked instead of what is found out about the service by itself',
    example: [],
  })
  queries?: PrometheusQuery[];
}
