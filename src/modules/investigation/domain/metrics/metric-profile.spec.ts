import { describe, expect, it } from '@jest/globals';
import { profileOf } from './metric-profile.js';

describe('The profile of a metric', () => {
  it.each([
    ['http_server_duration_p99_ms', 'latency', 'up'],
    ['Latency', 'latency', 'up'],
    ['http_5xx_rate', 'errors', 'up'],
    ['ReplicaLag', 'latency', 'up'],
    ['CPUUtilization', 'saturation', 'up'],
    ['CpuUsageRate(%)', 'saturation', 'up'],
    ['DatabaseConnections', 'saturation', 'up'],
    ['FreeStorageSpace', 'saturation', 'down'],
    ['cache_hit_ratio', 'saturation', 'down'],
    ['availability', 'availability', 'down'],
    ['up', 'availability', 'down'],
    ['throughput', 'traffic', 'down'],
    ['requests_per_sec', 'traffic', 'both'],
    ['NetworkReceiveBytes', 'traffic', 'both'],
    ['pods_not_ready', 'errors', 'up'],
    ['unavailable_replicas', 'errors', 'up'],
    ['mystery', 'other', 'up'],
  ])('of %p is %s, with the bad direction %s', (metric, role, direction) => {
    expect(profileOf(metric, undefined)).toMatchObject({ role, direction });
  });

  it.each([
    ['cpu', '%', 8],
    ['cpu_percent', undefined, 8],
    ['error_percent', undefined, 1],
    ['hit_ratio', undefined, 0.05],
    ['error_ratio', undefined, 0.01],
    ['latency', 'ms', 5],
    ['latency', 's', 0.005],
  ])('of %p in %p has the effect floor %p', (metric, unit, floor) => {
    expect(profileOf(metric, unit).floor).toBe(floor);
  });

  it('always has a floor above 0', () => {
    for (const name of ['', '__proto__', 'x'.repeat(10_000)])
      expect(profileOf(name, '').floor).toBeGreaterThan(0);
  });
});
