import { describe, expect, it } from '@jest/globals';
import { MINUTE, piece } from '../agents/case.fixture.js';
import { reachedLimits } from './database-limits.js';
import type { Evidence } from '../evidence/evidence.js';
import { EvidenceSet } from '../evidence/evidence-set.js';

function measures(metric: string, values: readonly number[]): Evidence {
  const rows = values.map((value, i) => ({ timestamp: i * MINUTE, entity: 'db', metric, value }));
  return piece('database', `evd_${metric}`, rows);
}

function event(message: string, timestamp = MINUTE): Evidence {
  return piece('platform_event', 'evd_events', [{ timestamp, entity: 'db', message }]);
}

const alert = (text: string) => ({ text, evidenceId: 'evd_alert' });
const modes = (...evidence: Evidence[]) => reachedLimits(new EvidenceSet(evidence)).map(({ mode }) => mode);

describe('The limits of a database', () => {
  it.each([
    ['CPUUtilization', [20, 30, 90, 92, 94, 95], 'cpu_saturation'],
    ['ReplicaLag', [1, 2, 500, 700, 900, 1000], 'replication_lag'],
    ['FreeStorageSpace', [100e9, 60e9, 20e9, 5e9, 1e9, 0.5e9], 'storage_full'],
  ])('are reached by %p', (metric, values, mode) => {
    expect(modes(measures(metric, values))).toEqual([mode]);
  });

  it('are not reached by a peak that is over, nor at half the capacity', () => {
    expect(modes(measures('CPUUtilization', [20, 99, 30, 41, 52, 48]))).toEqual([]);
    expect(modes(measures('FreeStorageSpace', [100e9, 60e9, 50e9]))).toEqual([]);
  });

  it.each([
    ['replication_lag_bytes', undefined, 50e6, []],
    ['ReplicaLag', 'bytes', 50e6, []],
    ['replica_lag_ms', undefined, 900, []],
    ['replicaLagMillis', undefined, 900_000, ['replication_lag']],
    ['replication_lag', 'minutes', 6, ['replication_lag']],
    ['ReplicaLag', 'Seconds', 900, ['replication_lag']],
    ['longest_lock_wait', 'ms', 900, []],
  ])('apply to durations in any unit: %p in %p', (metric, unit, value, reached) => {
    const evidence = measures(metric, [value, value, value]);
    const rows = evidence.rows.map((row) => ({ ...row, ...(unit === undefined ? {} : { unit }) }));
    expect(modes({ ...evidence, rows } as Evidence)).toEqual(reached);
  });

  it('are found in very long series', () => {
    const free = Array.from({ length: 300_000 }, (_, i) => (i < 150_000 ? 100e9 : 1e9));
    expect(modes(measures('FreeStorageSpace', free))).toEqual(['storage_full']);
  });

  it('are reached by long lock waits, not by short ones', () => {
    expect(modes(measures('longest_lock_wait', [31]))).toEqual(['lock_contention']);
    expect(modes(measures('longest_lock_wait', [2]))).toEqual([]);
  });

  it('are sorted causes first', () => {
    expect(modes(measures('CPUUtilization', [90, 90, 90]), measures('ReplicaLag', [900, 900, 900]))).toEqual([
      'replication_lag',
      'cpu_saturation',
    ]);
  });

  it.each([
    ['Multi-AZ instance failover initiated', 'failover'],
    ['FATAL: remaining connection slots are reserved', 'connection_exhaustion'],
    ['Started cross AZ failover to DB instance db', 'failover'],
    ['Completed failover to DB instance db', 'failover'],
    ['DB instance db: connection count 498 of 500', 'connection_exhaustion'],
    ['Number of connections reached 399 of max_connections 405', 'connection_exhaustion'],
    ['The free storage capacity for DB Instance: db is low at 1% of the provisioned storage', 'storage_full'],
    ['Replication for the Read Replica has been stopped due to error', 'replication_lag'],
    ['approaching max_connections limit. Current connections: 469 of 500', 'connection_exhaustion'],
  ])('are recognised in the message %p', (message, mode) => {
    expect(modes(measures('CPUUtilization', [20, 20, 20]), event(message))).toEqual([mode]);
  });

  it('are not recognised in old messages, or when connections are free', () => {
    expect(modes(measures('CPUUtilization', [20, 20]), event('failover completed', -60 * MINUTE))).toEqual(
      [],
    );
    expect(modes(measures('CPUUtilization', [20, 20]), event('connections: 55 of 100'))).toEqual([]);
    expect(modes(measures('CPUUtilization', [20, 20]), event('No failover was initiated'))).toEqual([]);
    expect(modes(measures('CPUUtilization', [20, 20]), event('connection attempt 3 of 3 failed'))).toEqual(
      [],
    );
  });

  it('rank a full disk before replication lag, and lock waits last', () => {
    const full = measures('FreeStorageSpace', [9e9, 1e9, 0.1e9]);
    expect(modes(measures('ReplicaLag', [900, 900, 900]), full)).toEqual(['storage_full', 'replication_lag']);
    const locked = measures('longest_lock_wait', [900]);
    for (const [metric, mode] of [
      ['CPUUtilization', 'cpu_saturation'],
      ['ReplicaLag', 'replication_lag'],
    ] as const) {
      const value = metric === 'ReplicaLag' ? 900 : 95;
      expect(modes(locked, measures(metric, [value, value, value]))).toEqual([mode, 'lock_contention']);
    }
  });

  it('are recognised in the alert only if the connection metric agrees', () => {
    const alerted = (metric: string, values: number[], text: string) =>
      reachedLimits(new EvidenceSet([measures(metric, values)]), alert(text)).map(({ mode }) => mode);
    const refused = 'FATAL: sorry, too many clients already';
    expect(alerted('DatabaseConnections', [100, 150, 300, 500], refused)).toEqual(['connection_exhaustion']);
    expect(alerted('DatabaseConnections', [100, 98, 101, 100], refused)).toEqual([]);
    expect(alerted('DatabaseConnections', [100, 100, 0, 100, 100], 'Multi-AZ failover completed')).toEqual([
      'failover',
    ]);
    expect(alerted('DatabaseConnections', [100, 99, 98, 100], 'failover completed (yesterday)')).toEqual([]);
  });
});
