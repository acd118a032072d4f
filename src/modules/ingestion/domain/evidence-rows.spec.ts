import { describe, expect, it } from '@jest/globals';
import { readEvidenceRow } from './evidence-rows.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');

describe('a row of evidence', () => {
  it.each([
    ['2026-03-01T12:00:00Z', NOON],
    ['2026-03-01T13:00:00+01:00', NOON],
    [NOON / 1000, NOON],
    [String(NOON / 1000), NOON],
    [NOON, NOON],
    [NOON / 1000 + 0.25, NOON + 250],
  ])('reads the time %j', (timestamp, milliseconds) => {
    const reading = readEvidenceRow('metric', { timestamp, entity: 'a', metric: 'cpu', value: '1.5' });
    expect(reading).toEqual({ row: { timestamp: milliseconds, entity: 'a', metric: 'cpu', value: 1.5 } });
  });

  it('keeps columns it does not know and drops empty optional ones', () => {
    const log = { timestamp: NOON, entity: 'a', message: 'boom', level: '', pod: 'a-1' };
    expect(readEvidenceRow('log', log)).toEqual({
      row: { timestamp: NOON, entity: 'a', message: 'boom', pod: 'a-1' },
    });
  });

  it.each([
    ['metric', { entity: 'a', metric: 'cpu', value: 1 }, 'has no timestamp'],
    ['metric', { timestamp: 'noon', entity: 'a', metric: 'cpu', value: 1 }, 'has an unreadable timestamp'],
    ['metric', { timestamp: 1e300, entity: 'a', metric: 'cpu', value: 1 }, 'has an unreadable timestamp'],
    ['metric', { timestamp: -3e14, entity: 'a', metric: 'cpu', value: 1 }, 'has an unreadable timestamp'],
    ['log', { timestamp: '0001-01-01T00:00:00Z', entity: 'a', message: 'x' }, 'has an unreadable timestamp'],
    ['metric', { timestamp: NOON, entity: 'a', metric: 'cpu', value: 'NaN' }, 'has an unreadable value'],
    ['metric', { timestamp: NOON, entity: 'a', metric: 'cpu', value: Infinity }, 'has an unreadable value'],
    ['metric', { timestamp: NOON, entity: 'a', metric: 'cpu', value: ' ' }, 'has no value'],
    ['metric', { timestamp: ' ', entity: 'a', metric: 'cpu', value: 1 }, 'has no timestamp'],
    ['log', { timestamp: NOON, entity: 'a\0b', message: 'x' }, 'has an unreadable entity'],
    ['topology', { caller: 'a' }, 'has no callee'],
    ['note', {}, 'is empty'],
    ['log', 'a line', 'is not an object'],
    ['log', null, 'is not an object'],
    ['log', ['a'], 'is not an object'],
  ] as const)('says why a %s row %j cannot be used', (type, row, fault) => {
    expect(readEvidenceRow(type, row)).toEqual({ fault });
  });

  it('accepts any object for a type without columns', () => {
    expect(readEvidenceRow('platform_event', { reason: 'OOMKilled' })).toEqual({
      row: { reason: 'OOMKilled' },
    });
  });
});
