/** One query whose answer is one metric, per entity. */
export interface MetricQuery {
  readonly metric: string;
  readonly query: string;
  readonly unit?: string;
  /** Whether it is reported as missing when there are no samples. */
  readonly isRequired?: boolean;
}

export interface Scope {
  /** Matchers without braces: `job="checkout"`. */
  readonly matchers: string;
  /** The label that distinguishes several entities; absent for one entity. */
  readonly label?: string | undefined;
  /** A window for rate(), such as `60s`. */
  readonly rate: string;
}

/** Metrics of the runtime and the scrape rather than of the service; two of them are queried by name. */
const UNINFORMATIVE =
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

/** Common metrics, with one name whatever the exporter; the most informative first. */
const WELL_KNOWN: readonly Named[] = [
  ['up', (name, scope) => ({ metric: 'availability', query: over('avg', name, scope), unit: 'ratio' })],
  ['container_cpu_usage_seconds_total', (name, scope) => ({ metric: 'cpu_usage', query: rateOf(name, scope), unit: 'cores' })],
  ['process_cpu_seconds_total', (name, scope) => ({ metric: 'cpu_usage', query: rateOf(name, scope), unit: 'cores' })],
  ['node_cpu_seconds_total', (name, scope) => ({ metric: 'cpu_usage', query: `1 - ${rateOf(name, scope, ',mode="idle"', 'avg')}`, unit: 'ratio' })],
  ['container_memory_working_set_bytes', (name, scope) => ({ metric: 'memory_usage', query: over('sum', name, scope), unit: 'bytes' })],
  ['process_resident_memory_bytes', (name, scope) => ({ metric: 'memory_usage', query: over('sum', name, scope), unit: 'bytes' })],
  ['node_memory_MemAvailable_bytes', (name, scope) => ({ metric: 'memory_usage', query: `1 - ${over('sum', name, scope)} / ${over('sum', 'node_memory_MemTotal_bytes', scope)}`, unit: 'ratio' })],
  ['node_filesystem_avail_bytes', (name, scope) => ({ metric: 'disk_usage', query: `1 - ${over('sum', name, scope)} / ${over('sum', 'node_filesystem_size_bytes', scope)}`, unit: 'ratio' })],
  ['node_disk_io_time_seconds_total', (name, scope) => ({ metric: 'disk_busy', query: rateOf(name, scope), unit: 'ratio' })],
  ['node_load1', (name, scope) => ({ metric: 'load', query: over('sum', name, scope) })],
  ['process_open_fds', (name, scope) => ({ metric: 'open_files_used', query: over('sum', name, scope) })],
  ['kube_pod_container_status_restarts_total', (name, scope) => ({ metric: 'restarts', query: over('sum', name, scope) })],
]; // prettier-ignore

/**
 * The queries for a service with these metrics, the most informative first: availability, request rate, error ratio, latency,
 * CPU, memory, restarts; then all others, counters as rates and gauges unchanged.
 */
export function queriesFor(names: ReadonlySet<string>, scope: Scope): MetricQuery[] {
  const wellKnown = WELL_KNOWN.filter(([name]) => names.has(name)).map(([name, ask]) => ask(name, scope));
  const informative = [...names].filter(
    (name) => !UNINFORMATIVE.test(name) && !WELL_KNOWN.some(([known]) => known === name),
  );
  const counted = informative.filter((name) => isCounter(name, names) && REQUESTS.test(name));
  const totals = counted.filter((name) => name.endsWith('_total'));
  // The count of a histogram counts the same requests again.
  const requests = totals.length > 0 ? totals : counted;
  const latencies = informative.filter((name) => name.endsWith('_sum') && DURATIONS.test(name));
  const others = informative.filter(
    (name) => !requests.includes(name) && !/_(?:sum|count|bucket)$/.test(name),
  );
  return unique([
    ...wellKnown,
    ...requests.sort().flatMap((name) => [requestRate(name, scope), errorRatio(name, scope)]),
    ...latencies.sort().flatMap((name) => latency(name.slice(0, -'_sum'.length), names, scope)),
    ...others.sort().map((name) => plainQuery(name, scope)),
  ]);
}

/** A query of the tenant's own; a quote in a service's name must not end its string. */
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

type Together = 'sum' | 'avg' | 'count';

function by({ label }: Scope, more: readonly string[] = []): string {
  const labels = [...more, ...(label === undefined ? [] : [label])];
  return labels.length > 0 ? ` by (${labels.join(', ')}) ` : '';
}

function over(together: Together, name: string, scope: Scope, more = ''): string {
  return `${together}${by(scope)}(${name}{${scope.matchers}${more}})`;
}

function rateOf(name: string, scope: Scope, more = '', together: Together = 'sum'): string {
  return `${together}${by(scope)}(rate(${name}{${scope.matchers}${more}}[${scope.rate}]))`;
}

function requestRate(name: string, scope: Scope): MetricQuery {
  return { metric: `${base(name)}_rate`, query: rateOf(name, scope), unit: 'req/s' };
}

/** None when no request has a status: an error ratio of 0 would then be a false all-clear. */
function errorRatio(name: string, scope: Scope): MetricQuery {
  const failed = STATUS_LABELS.map((label) => rateOf(name, scope, `,${label}=~"5.."`)).join(' or ');
  const known = STATUS_LABELS.map((label) => over('count', name, scope, `,${label}=~".+"`)).join(' or ');
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
  const p95 = `histogram_quantile(0.95, sum${by(scope, ['le'])}(rate(${name}_bucket{${scope.matchers}}[${scope.rate}])))`;
  return [
    { metric: `${metric}_mean`, query: mean, unit },
    ...(names.has(`${name}_bucket`) ? [{ metric: `${metric}_p95`, query: p95, unit }] : []),
  ];
}

function plainQuery(name: string, scope: Scope): MetricQuery {
  if (name.endsWith('_total'))
    return { metric: `${base(name)}_rate`, query: rateOf(name, scope), unit: '1/s' };
  const together = /ratio|percent|utili[sz]ation|temperature/.test(name) ? 'avg' : 'sum';
  const unit = /_(bytes|seconds|ratio|percent)$/.exec(name)?.[1];
  return { metric: name, query: over(together, name, scope), ...(unit && { unit }) };
}

function base(name: string): string {
  return name.replace(/_(?:total|count)$/, '').replace(/_(?:seconds|duration_seconds|duration|latency)$/, '');
}

/** The first of two sources of one metric. */
function unique(queries: readonly MetricQuery[]): MetricQuery[] {
  const byMetric = new Map<string, MetricQuery>();
  for (const query of queries) if (!byMetric.has(query.metric)) byMetric.set(query.metric, query);
  return [...byMetric.values()];
}
