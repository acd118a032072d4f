/** The direction of a bad change; `both` when a rise and a fall are equally anomalous (traffic). */
export type Direction = 'up' | 'down' | 'both';

export type MetricRole = 'latency' | 'errors' | 'saturation' | 'availability' | 'traffic' | 'other';

/** Roles of metrics that users of a service notice, unlike saturation and traffic. */
export const USER_FACING_ROLES: ReadonlySet<MetricRole> = new Set<MetricRole>([
  'latency',
  'errors',
  'availability',
]);

export interface MetricProfile {
  readonly role: MetricRole;
  readonly direction: Direction;
  /** Effect floor: the smallest deviation from the baseline that matters, in the metric's own unit; above 0. */
  readonly floor: number;
  /** The same as a share of the baseline median: traffic varies, the latency of a service should not. */
  readonly relativeFloor: number;
}

// The first match wins, so words that invert the meaning (`free`, `hit ratio`) come first.
const PROFILES: readonly (readonly [RegExp, MetricRole, Direction])[] = [
  [/free|remaining|headroom|idle|burst.?balance|credit/, 'saturation', 'down'],
  [/hit.?(ratio|rate)|hitratio/, 'saturation', 'down'],
  [/error|fail|fault|5xx|4xx|\b50\d\b|\b40\d\b|exception|reject|drop|retries|retry|timeout|abort|unauthor|denied|deadlock/, 'errors', 'up'],
  [/unavailable|unready|not.?ready|pending|crash|restart|oom/, 'errors', 'up'],
  [/availab|success|uptime|healthy|ready|\bup\b|apdex/, 'availability', 'down'],
  [/latency|duration|elapsed|response.?time|\bp(50|75|90|95|99|999)\b|quantile|rtt|\bwait|delay|\blag\b|replica.?lag/, 'latency', 'up'],
  [/cpu|mem|heap|disk|usage|used|util|saturat|throttl|queue|backlog|connection|thread|pool|inflight|in.?use|load|iops|gc|locks?\b|bloat|age/, 'saturation', 'up'],
  [/throughput/, 'traffic', 'down'],
  [/request|rps|qps|calls|invocation|traffic|hits|messages|ops|rate|bytes|network|rx|tx/, 'traffic', 'both'],
]; // prettier-ignore

/** Availability is near 1, where a fall by one per cent is an outage. */
const RELATIVE_FLOORS: Partial<Record<MetricRole, number>> = { traffic: 0.5, availability: 0.005 };

/**
 * The role, bad direction and effect floor of a metric, from its name and unit alone. One-sided scoring contributes most
 * of the accuracy (robust scorer of Pham et al. 2024: two-sided scoring found the cause of the same cases in .82 instead
 * of .96). The effect floor suppresses changes of idle entities that are statistically large but irrelevant.
 */
export function profileOf(metric: string, unit: string | undefined): MetricProfile {
  const name = separateWords(metric);
  const row = PROFILES.find(([words]) => words.test(name));
  const role = row?.[1] ?? 'other';
  return {
    role,
    direction: row?.[2] ?? 'up',
    relativeFloor: RELATIVE_FLOORS[role] ?? 0.1,
    floor: unitFloor(name, (unit ?? '').toLowerCase(), role),
  };
}

/** `CpuUsageRate(%)` and `cpu_usage_rate` as lower-case words, so that `\b` matches between them. */
export function separateWords(metric: string): string {
  return metric
    .slice(0, 256)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9%]+/g, ' ');
}

function unitFloor(name: string, unit: string, role: MetricRole): number {
  if (/^(%|percent|pct)$/.test(unit) || /%|percent|\bpct\b/.test(name)) return role === 'errors' ? 1 : 8;
  if (/ratio|fraction/.test(`${name} ${unit}`)) return role === 'errors' ? 0.01 : 0.05;
  if (role === 'latency') {
    if (/^(ms|milliseconds?)$/.test(unit) || /\b(ms|millis|milliseconds)\b/.test(name)) return 5;
    return 0.005;
  }
  // A first request to an idle entity is not an anomaly.
  if (role === 'traffic') return 5;
  // Single error lines are normal in any log.
  if (unit === 'lines') return 2;
  // Restarts, crashes, pods that are not ready: the first one counts.
  return role === 'errors' ? 0.01 : 1e-9;
}
