/** One query whose answer is one metric, per entity. */
export interface MetricQuery {
  readonly metric: string;
  readonly query: string;
  readonly unit?: string;
  /** Whether having no samples is worth telling. */
  readonly isRequired?: boolean;
}

interface Scope {
  /** Matchers of the service, without braces: `job="checkout"`. */
  readonly matchers: string;
  /** A window for rate(), such as `60s`. */
  readonly rate: string;
}

/** Runs of the process and the scrape rather than of the service; two of them are asked for by name. */
const UNTELLING =
  /^(?:go_|process_|python_|jvm_info|nodejs_|promhttp_|scrape_|ALERTS)|_(?:created|info|timestamp_seconds|start_time_seconds)$/;
const REQUESTS = /request|handled|calls|invocations/;
const DURATIONS = /duration|latency|seconds|_ms$|milliseconds/;
const STATUS_LABELS = [
  'code',
  'status',
  'status_code',
  'http_status_code',
  'http_response_status_code',
  'response_code',
];

type Named = readonly [name: string, ask: (name: string, scope: Scope) => MetricQuery];

/** What everybody exports, under one name wherever it comes from; the most telling first. */
const WELL_KNOWN: readonly Named[] = [
  ['up', (name, { matchers }) => ({ metric: 'availability', query: `avg(${name}{${matchers}})`, unit: 'ratio' })],
  ['container_cpu_usage_seconds_total', (name, scope) => ({ metric: 'cpu_usage', query: rateOf(name, scope), unit: 'cores' })],
  ['process_cpu_seconds_total', (name, scope) => ({ metric: 'cpu_usage', query: rateOf(name, scope), unit: 'cores' })],
  ['container_memory_working_set_bytes', (name, { matchers }) => ({ metric: 'memory_usage', query: `sum(${name}{${matchers}})`, unit: 'bytes' })],
  ['process_resident_memory_bytes', (name, { matchers }) => ({ metric: 'memory_usage', query: `sum(${name}{${matchers}})`, unit: 'bytes' })],
  ['process_open_fds', (name, { matchers }) => ({ metric: 'open_files_used', query: `sum(${name}{${matchers}})` })],
  ['kube_pod_container_status_restarts_total', (name, { matchers }) => ({ metric: 'restarts', query: `sum(${name}{${matchers}})` })],
]; // prettier-ignore

/**
 * The queries for a service that has these metrics, the most telling first: availability, request rate, error ratio, latency,
 * CPU, memory, restarts; then whatever else it exports, counters as rates and gauges as they are.
 */
export function queriesFor(names: ReadonlySet<string>, scope: Scope): MetricQuery[] {
  const wellKnown = WELL_KNOWN.filter(([name]) => names.has(name)).map(([name, ask]) => ask(name, scope));
  const telling = [...names].filter(
    (name) => !UNTELLING.test(name) && !WELL_KNOWN.some(([known]) => known === name),
  );
  const counted = telling.filter((name) => isCounter(name, names) && REQUESTS.test(name));
  const totals = counted.filter((name) => name.endsWith('_total'));
  // The count of a histogram counts the same requests once more.
  const requests = totals.length > 0 ? totals : counted;
  const latencies = telling.filter((name) => name.endsWith('_sum') && DURATIONS.test(name));
  const others = telling.filter((name) => !requests.includes(name) && !/_(?:sum|count|bucket)$/.test(name));
  return unique([
    ...wellKnown,
    ...requests.sort().flatMap((name) => [requestRate(name, scope), errorRatio(name, scope)]),
    ...latencies.sort().flatMap((name) => latency(name.slice(0, -'_sum'.length), names, scope)),
    ...others.sort().map((name) => asItIs(name, scope)),
  ]);
}

/** A query of the tenant's own; a quote in a service's name must not end the string it stands in. */
export function filledIn(
  query: string,
  values: { service: string; environment: string; rate: string },
): string {
  return query.replaceAll(/\$(service|environment|rate)\b/g, (_, name: keyof typeof values) =>
    quoted(values[name]).slice(1, -1),
  );
}

/** As a PromQL string. */
export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function isCounter(name: string, names: ReadonlySet<string>): boolean {
  return name.endsWith('_total') || (name.endsWith('_count') && names.has(name.replace(/_count$/, '_sum')));
}

function rateOf(name: string, { matchers, rate }: Scope, more = ''): string {
  return `sum(rate(${name}{${matchers}${more}}[${rate}]))`;
}

function requestRate(name: string, scope: Scope): MetricQuery {
  return { metric: `${base(name)}_rate`, query: rateOf(name, scope), unit: 'req/s' };
}

/** None when no request bears a status: an error ratio of nothing known would claim that all is well. */
function errorRatio(name: string, scope: Scope): MetricQuery {
  const failed = STATUS_LABELS.map((label) => rateOf(name, scope, `,${label}=~"5.."`)).join(' or ');
  const known = STATUS_LABELS.map((label) => `count(${name}{${scope.matchers},${label}=~".+"})`).join(' or ');
  return {
    metric: `${base(name)}_error_ratio`,
    query: `(${failed} or 0 * (${known})) / (${rateOf(name, scope)} > 0)`,
    unit: 'ratio',
  };
}

function latency(name: string, names: ReadonlySet<string>, scope: Scope): MetricQuery[] {
  const unit = /ms$|milli/.test(name) ? 'ms' : 's';
  const metric = DURATIONS.test(name.replace(/_(?:seconds|ms|milliseconds)$/, ''))
    ? name
    : `${name}_duration`;
  const mean = `${rateOf(`${name}_sum`, scope)} / (${rateOf(`${name}_count`, scope)} > 0)`;
  const p95 = `histogram_quantile(0.95, sum by (le) (rate(${name}_bucket{${scope.matchers}}[${scope.rate}])))`;
  return [
    { metric: `${metric}_mean`, query: mean, unit },
    ...(names.has(`${name}_bucket`) ? [{ metric: `${metric}_p95`, query: p95, unit }] : []),
  ];
}

function asItIs(name: string, scope: Scope): MetricQuery {
  if (name.endsWith('_total'))
    return { metric: `${base(name)}_rate`, query: rateOf(name, scope), unit: '1/s' };
  const together = /ratio|percent|utili[sz]ation|temperature/.test(name) ? 'avg' : 'sum';
  const unit = /_(bytes|seconds|ratio|percent)$/.exec(name)?.[1];
  return { metric: name, query: `${together}(${name}{${scope.matchers}})`, ...(unit && { unit }) };
}

function base(name: string): string {
  return name.replace(/_(?:total|count)$/, '').replace(/_(?:seconds|duration_seconds|duration|latency)$/, '');
}

/** Of two sources of one metric, the first. */
function unique(queries: readonly MetricQuery[]): MetricQuery[] {
  const byMetric = new Map<string, MetricQuery>();
  for (const query of queries) if (!byMetric.has(query.metric)) byMetric.set(query.metric, query);
  return [...byMetric.values()];
}
