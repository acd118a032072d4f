import { describe, expect, it } from '@jest/globals';
import { MINUTE, piece } from '../agents/case.fixture.js';
import { EvidenceSet } from './evidence-set.js';
import type { Evidence, LogLine, MetricPoint } from './evidence.js';
import { estimateOnset } from './onset.js';

/** One sample a minute from minute 0. */
function series(entity: string, metric: string, values: readonly number[]): Evidence {
  const rows: MetricPoint[] = values.map((value, i) => ({ timestamp: i * MINUTE, entity, metric, value }));
  return piece('metric', `evd_${entity}`, rows);
}

const steps = (before: number, n: number, after: number, m: number) => [
  ...new Array<number>(n).fill(before),
  ...new Array<number>(m).fill(after),
];

describe('The onset', () => {
  it('is the first of two consecutive anomalous samples', () => {
    const evidence = new EvidenceSet([series('web', 'latency_ms', steps(100, 30, 400, 20))]);
    expect(estimateOnset(evidence, { alertedAt: 45 * MINUTE, service: null })).toEqual({
      at: 30 * MINUTE,
      basis: 'metric',
      entity: 'web',
      metric: 'latency_ms',
      evidenceIds: ['evd_web'],
    });
  });

  it('is the earliest change point of all series', () => {
    const evidence = new EvidenceSet([
      series('web', 'latency_ms', steps(100, 35, 400, 15)),
      series('db', 'latency_ms', steps(10, 32, 90, 18)),
    ]);
    expect(estimateOnset(evidence, { alertedAt: 45 * MINUTE, service: null })).toMatchObject({
      at: 32 * MINUTE,
      entity: 'db',
    });
  });

  it('is the time of the alert when no series was anomalous before it', () => {
    const evidence = new EvidenceSet([series('web', 'latency_ms', steps(100, 46, 400, 10))]);
    expect(estimateOnset(evidence, { alertedAt: 45 * MINUTE, service: null })).toMatchObject({
      at: 45 * MINUTE,
      basis: 'alert',
      evidenceIds: [],
    });
  });

  it('is not a single spike, nor an anomaly that ended long before the alert', () => {
    const spike = steps(100, 50, 100, 10).map((value, i) => (i === 30 ? 900 : value));
    const episode = steps(100, 50, 100, 10).map((value, i) => (i >= 25 && i < 29 ? 900 : value));
    const evidence = new EvidenceSet([series('a', 'latency_ms', spike), series('b', 'latency_ms', episode)]);
    expect(estimateOnset(evidence, { alertedAt: 59 * MINUTE, service: null }).basis).toBe('alert');
  });

  it('is found in the error lines of a log when no metric shows it', () => {
    const rows: LogLine[] = [];
    for (let i = 0; i < 60; i += 1) {
      rows.push({ timestamp: i * MINUTE, entity: 'web', level: 'info', message: 'served' });
      if (i >= 40)
        for (let k = 0; k < 5; k += 1)
          rows.push({ timestamp: i * MINUTE + k, entity: 'web', level: 'error', message: 'boom' });
    }
    const evidence = new EvidenceSet([piece('log', 'evd_log', rows)]);
    expect(estimateOnset(evidence, { alertedAt: 50 * MINUTE, service: null })).toMatchObject({
      at: 40 * MINUTE,
      basis: 'log',
      evidenceIds: ['evd_log'],
    });
  });

  it('falls back to the time of the alert for empty, constant and too short series', () => {
    const evidence = new EvidenceSet([
      series('a', 'x', []),
      series('b', 'x', steps(7, 50, 7, 1)),
      series('c', 'x', [1, 9]),
    ]);
    expect(estimateOnset(evidence, { alertedAt: 60 * MINUTE, service: null }).basis).toBe('alert');
    expect(estimateOnset(new EvidenceSet([]), { alertedAt: 5, service: null }).at).toBe(5);
  });
});

describe('The onset of a failing service', () => {
  const shifted = (entity: string, n: number) => series(entity, 'latency_ms', steps(100, n, 400, 120 - n));

  it('is not that of another entity which became anomalous long before', () => {
    const evidence = new EvidenceSet([shifted('batch', 45), shifted('web', 90)]);
    expect(estimateOnset(evidence, { alertedAt: 100 * MINUTE, service: 'web' })).toMatchObject({
      entity: 'web',
    });
  });

  it('follows a chain of change points back in time', () => {
    const evidence = new EvidenceSet([shifted('db', 70), shifted('cache', 80), shifted('web', 90)]);
    expect(estimateOnset(evidence, { alertedAt: 100 * MINUTE, service: 'web' })).toMatchObject({
      entity: 'db',
    });
  });
});
