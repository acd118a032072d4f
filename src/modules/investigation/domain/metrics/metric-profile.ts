/** Which way is bad. `both` where a rise and a fall are equally odd (traffic). */
export type Direction = 'up' | 'down' | 'both';

export type MetricRole = 'latency' | 'errors' | 'saturation' | 'availability' | 'traffic' | 'other';

/** What the users of a service feel; a resource that fills up or traffic that comes and goes they do not. */
export const FELT: ReadonlySet<MetricRole> = new Set<MetricRole>(['latency', 'errors', 'availability']);

export interface MetricProfile {
  readonly role: MetricRole;
  readonly direction: Direction;
  /** The smallest departure from normal that matters at all, in the metric's own unit; never 0. */
  readonly floor: number;
  /** The same as a share of normal: traffic comes and goes, a service's latency should not. */
  readonly relativeFloor: number;
}

// The first row that matches decides, so the words that turn a meaning round (`free`, `hit ratio`) come first.
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

/** Of a service that answers nearly always, a fall by a hundredth is a disaster. */
const RELATIVE_FLOORS: Partial<Record<MetricRole, number>> = { traffic: 0.5, availability: 0.005 };

/**
 * What a metric means, from its name and unit alone. One-sided scoring is worth most of its accuracy (Pham et al.
 * 2024, robust scorer: two-sided scoring of the same cases found the cause in .82 instead of .96), and an effect
 * floor in the metric's own unit silences the statistically huge, practically empty moves of idle entities.
 */
export function profileOf(metric: string, unit: string | undefined): MetricProfile {
  const name = separated(metric);
  const row = PROFILES.find(([words]) => words.test(name));
  const role = row?.[1] ?? 'other';
  return {
    role,
    direction: row?.[2] ?? 'up',
    relativeFloor: RELATIVE_FLOORS[role] ?? 0.1,
    floor: unitFloor(name, (unit ?? '').toLowerCase(), role),
  };
}

/** `CpuUsageRate(%)` and `cpu_usage_rate` read as words, so that word boundaries hold. */
export function separated(metric: string): string {
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
  // A first request to an idle entity is no event.
  if (role === 'traffic') return 5;
  // A lone failing line in a log is everyday life.
  if (unit === 'lines') return 2;
  // Restarts, crashes, pods not ready: the first one counts.
  return role === 'errors' ? 0.01 : 1e-9;
}
