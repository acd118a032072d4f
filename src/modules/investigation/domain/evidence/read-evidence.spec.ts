import { describe, expect, it } from '@jest/globals';
import { isEvidenceType, readEvidence } from './read-evidence.js';

const about = { evidenceId: 'evd_1', source: 'test', summary: '', observedAt: 0 };
const rows = (...[type, raw]: [Parameters<typeof readEvidence>[0], readonly unknown[]]) =>
  readEvidence(type, about, raw).rows;

describe('Reading evidence', () => {
  it('accepts times as RFC 3339, epoch seconds and epoch milliseconds', () => {
    const times = ['2026-01-15T14:02:00Z', 1768485720, 1768485720000, '1768485720'];
    const read = rows(
      'metric',
      times.map((timestamp) => ({ timestamp, entity: 'web', metric: 'cpu', value: '1.5' })),
    );
    expect(read).toEqual(
      times.map(() => ({ timestamp: 1768485720000, entity: 'web', metric: 'cpu', value: 1.5 })),
    );
  });

  it('drops rows that lack a required field', () => {
    expect(rows('metric', [{ timestamp: 1, entity: 'web', metric: 'cpu' }, null, 7, 'x', []])).toEqual([]);
    expect(rows('log', [{ message: 'no time' }, { timestamp: 'yesterday', message: 'x' }])).toEqual([]);
    expect(rows('topology', [{ caller: 'a' }])).toEqual([]);
    expect(rows('trace', [{ traceId: 't', spanId: 's', startedAt: 1, durationMs: Infinity }])).toEqual([]);
  });

  it('ignores unknown columns of a log line', () => {
    expect(
      rows('log', [{ timestamp: 2e12, entity: 'web', level: 'error', message: 'boom', pid: 7 }]),
    ).toEqual([{ timestamp: 2e12, entity: 'web', level: 'error', message: 'boom' }]);
  });

  it('reads changes under common field names, with the type that the evidence type implies', () => {
    const row = {
      timestamp: 2e12,
      entity: 'web',
      message: 'New pool',
      sha: 'abc',
      files: ['a.ts', 7],
      version: 3,
    };
    const read = {
      occurredAt: 2e12,
      service: 'web',
      summary: 'New pool',
      changeId: 'abc',
      commit: 'abc',
      paths: ['a.ts'],
      version: '3',
    };
    expect(rows('deployment', [row])).toEqual([{ ...read, type: 'deploy' }]);
    expect(rows('code_change', [row])).toEqual([{ ...read, type: 'code' }]);
    expect(rows('config_change', [{ ...row, type: 'FLAG' }])).toEqual([{ ...read, type: 'flag' }]);
  });

  it('rejects times before 1970, which some sources use for “none”', () => {
    expect(rows('platform_event', [{ timestamp: -3e14, entity: 'db', message: 'x' }])).toEqual([]);
    expect(rows('deployment', [{ occurredAt: '0001-01-01T00:00:00Z', service: 'web' }])).toEqual([]);
  });

  it('replaces characters that PostgreSQL cannot store, and truncates texts', () => {
    const row = { timestamp: 2e12, entity: 'we\0b', message: 'New\ud83d pool', files: ['a\0.ts'] };
    expect(rows('deployment', [row])).toMatchObject([
      { service: 'we\uFFFDb', summary: 'New\uFFFD pool', paths: ['a\uFFFD.ts'] },
    ]);
    expect(rows('log', [{ ...row, message: 'x'.repeat(64 * 1024 - 1) + '🔥🔥' }])).toMatchObject([
      { message: expect.stringMatching(/^x+…$/) },
    ]);
  });

  it('truncates names so that sentences built with them stay readable', () => {
    const [entity, version] = ['e'.repeat(9000), 'v'.repeat(9000)];
    expect(rows('log', [{ timestamp: 2e12, entity, message: 'boom' }])).toMatchObject([
      { entity: expect.stringMatching(/^e{499}…$/) },
    ]);
    expect(rows('deployment', [{ timestamp: 2e12, service: entity, version }])).toMatchObject([
      { service: expect.stringMatching(/^e{499}…$/), version: expect.stringMatching(/^v{499}…$/) },
    ]);
  });

  it('joins the reason and the message of a platform event', () => {
    expect(
      rows('platform_event', [{ lastTimestamp: 2e12, name: 'web-1', reason: 'OOMKilled', type: 'Warning' }]),
    ).toEqual([{ timestamp: 2e12, entity: 'web-1', message: 'OOMKilled', level: 'Warning' }]);
  });

  it('reads numeric database rows as samples and all others as text', () => {
    expect(
      rows('database', [{ timestamp: 2e12, entity: 'db', metric: 'locks', value: 3 }, { waits: 12 }]),
    ).toEqual([{ timestamp: 2e12, entity: 'db', metric: 'locks', value: 3 }, { text: '{"waits":12}' }]);
  });

  it('reads a note from a string or an object', () => {
    expect(rows('note', ['it began after lunch', { text: 'seen by Ann', entity: 'web' }, ''])).toEqual([
      { text: 'it began after lunch' },
      { text: 'seen by Ann', entity: 'web' },
    ]);
  });

  it('ignores keys that are properties of Object.prototype', () => {
    const row: unknown = JSON.parse('{"__proto__":{"message":"x","timestamp":1},"constructor":"y"}');
    expect(rows('log', [row])).toEqual([]);
  });

  it('recognises evidence types', () => {
    expect(isEvidenceType('log')).toBe(true);
    expect(isEvidenceType('toString')).toBe(false);
  });
});
