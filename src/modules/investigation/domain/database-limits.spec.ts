import { describe, expect, it } from '@jest/globals';
import { MINUTE } from './agents/case.fixture.js';
import { reachedLimits } from './database-limits.js';
import type { Evidence } from './evidence.js';
import { EvidenceSet } from './evidence-set.js';

const about = { source: 'test', summary: '', observedAt: 0 };

function measures(metric: string, values: readonly number[]): Evidence {
  const rows = values.map((value, i) => ({ timestamp: i * MINUTE, entity: 'db', metric, value }));
  return { ...about, evidenceId: `evd_${metric}`, type: 'database', rows };
}

function event(message: string, timestamp = MINUTE): Evidence {
  return {
    ...about,
    evidenceId: 'evd_events',
    type: 'platform_event',
    rows: [{ timestamp, entity: 'db', message }],
  };
}

const modes = (...evidence: Evidence[]) => reachedLimits(new EvidenceSet(evidence)).map(({ mode }) => mode);

describe('The limits of a database', () => {
  it.each([
    ['CPUUtilization', [20, 30, 90, 92, 94, 95], 'cpu_saturation'],
    ['ReplicaLag', [1, 2, 500, 700, 900, 1000], 'replication_lag'],
    ['FreeStorageSpace', [100e9, 60e9, 20e9, 5e9, 1e9, 0.5e9], 'storage_full'],
  ])('are reached by %p', (metric, values, mode) => {
    expect(modes(measures(metric, values))).toEqual([mode]);
  });

  it('are not reached by a peak that is over, nor by half of what is there', () => {
    expect(modes(measures('CPUUtilization', [20, 99, 30, 41, 52, 48]))).toEqual([]);
    expect(modes(measures('FreeStorageSpace', [100e9, 60e9, 50e9]))).toEqual([]);
  });

  it('are reached by sessions that wait long for a lock, not by those that wait a moment', () => {
    expect(modes(measures('longest_lock_wait', [31]))).toEqual(['lock_contention']);
    expect(modes(measures('longest_lock_wait', [2]))).toEqual([]);
  });

  it('come worst first', () => {
    expect(modes(measures('CPUUtilization', [90, 90, 90]), measures('ReplicaLag', [900, 900, 900]))).toEqual([
      'replication_lag',
      'cpu_saturation',
    ]);
  });

  it.each([
    ['Multi-AZ instance failover initiated', 'failover'],
    ['FATAL: remaining connection slots are reserved', 'connection_exhaustion'],
    ['approaching max_connections limit. Current connections: 469 of 500', 'connection_exhaustion'],
  ])('are told by %p', (message, mode) => {
    expect(modes(measures('CPUUtilization', [20, 20, 20]), event(message))).toEqual([mode]);
  });

  it('are not told by what was reported long before, or by connections that are free', () => {
    expect(modes(measures('CPUUtilization', [20, 20]), event('failover completed', -60 * MINUTE))).toEqual(
      [],
    );
    expect(modes(measures('CPUUtilization', [20, 20]), event('connections: 55 of 100'))).toEqual([]);
  });
});
