import { describe, expect, it } from '@jest/globals';
import { EvidenceSet, MAX_MESSAGE_LENGTH } from './evidence-set.js';
import { piece } from '../agents/case.fixture.js';
import type { MetricPoint } from './evidence.js';

const metric = (evidenceId: string, rows: MetricPoint[]) => piece('metric', evidenceId, rows);
const cpu = (timestamp: number, value: number): MetricPoint => ({
  timestamp,
  entity: 'web',
  metric: 'cpu',
  value,
});

describe('An evidence set', () => {
  it('merges the samples of one series from several sources, oldest first, and keeps the sources', () => {
    const set = new EvidenceSet([metric('evd_1', [cpu(3, 30), cpu(1, 10)]), metric('evd_2', [cpu(2, 20)])]);
    expect(set.series).toEqual([
      {
        entity: 'web',
        metric: 'cpu',
        unit: undefined,
        timestamps: [1, 2, 3],
        values: [10, 20, 30],
        evidenceIds: ['evd_1', 'evd_2'],
      },
    ]);
  });

  it('deduplicates a sample that was attached twice', () => {
    const set = new EvidenceSet([metric('evd_1', [cpu(1, 10)]), metric('evd_2', [cpu(1, 10)])]);
    expect(set.series[0]?.values).toEqual([10]);
  });

  it('drops samples and lines whose value or time is not a finite number', () => {
    const set = new EvidenceSet([
      metric('evd_1', [cpu(1, Number.NaN), cpu(Number.POSITIVE_INFINITY, 1), cpu(2, 5)]),
      piece('log', 'evd_2', [{ timestamp: Number.NaN, entity: 'web', message: 'x' }]),
    ]);
    expect(set.series[0]?.values).toEqual([5]);
    expect(set.logs).toEqual([]);
  });

  it('handles entities named like properties of Object.prototype', () => {
    const set = new EvidenceSet([
      metric('evd_1', [
        { timestamp: 1, entity: '__proto__', metric: 'constructor', value: 1 },
        { timestamp: 1, entity: 'toString', metric: '__proto__', value: 2 },
      ]),
    ]);
    expect(set.series.map(({ entity, values }) => [entity, values])).toEqual([
      ['__proto__', [1]],
      ['toString', [2]],
    ]);
  });

  it('merges the lines of all sources, oldest first, and truncates long ones', () => {
    const set = new EvidenceSet([
      piece('log', 'evd_1', [{ timestamp: 2, entity: 'a', message: 'x'.repeat(9999) }]),
      piece('platform_event', 'evd_2', [{ timestamp: 1, entity: 'b', message: 'y' }]),
    ]);
    expect(set.logs.map(({ evidenceId, row }) => [evidenceId, row.message.length])).toEqual([
      ['evd_2', 1],
      ['evd_1', MAX_MESSAGE_LENGTH],
    ]);
  });

  it('separates samples from text in database evidence', () => {
    const set = new EvidenceSet([
      piece('database', 'evd_1', [cpu(1, 1), { text: '12 sessions wait for a lock' }]),
    ]);
    expect(set.series).toHaveLength(1);
    expect(set.notes.map(({ row }) => row.text)).toEqual(['12 sessions wait for a lock']);
  });

  it('reports a type as present only when it has rows', () => {
    const set = new EvidenceSet([metric('evd_1', [])]);
    expect(set.has('metric')).toBe(false);
  });
});
