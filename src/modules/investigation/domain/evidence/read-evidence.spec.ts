import { describe, expect, it } from '@jest/globals';
import { isEvidenceType, readEvidence } from './read-evidence.js';

const about = { evidenceId: 'evd_1', source: 'test', summary: '', observedAt: 0 };
const rows = (...[type, raw]: [Parameters<typeof readEvidence>[0], readonly unknown[]]) =>
  readEvidence(type, about, raw).rows;

describe('Reading evidence', () => {
  it('takes times as RFC 3339, epoch seconds and epoch milliseconds', () => {
    const times = ['2026-01-15T14:02:00Z', 1768485720, 1768485720000, '1768485720'];
    const read = rows(
      'metric',
      times.map((timestamp) => ({ timestamp, entity: 'web', metric: 'cpu', value: '1.5' })),
    );
    expect(read).toEqual(
      times.map(() => ({ timestamp: 1768485720000, entity: 'web', metric: 'cpu', value: 1.5 })),
    );
  });

  it('leaves out rows that lack what their type needs', () => {
    expect(rows('metric', [{ timestamp: 1, entity: 'web', metric: 'cpu' }, null, 7, 'x', []])).toEqual([]);
    expect(rows('log', [{ message: 'no time' }, { timestamp: 'yesterday', message: 'x' }])).toEqual([]);
    expect(rows('topology', [{ caller: 'a' }])).toEqual([]);
    expect(rows('trace', [{ traceId: 't', spanId: 's', startedAt: 1, durationMs: Infinity }])).toEqual([]);
  });

  it('reads a log line with an unknown column for what it knows of it', () => {
    expect(
      rows('log', [{ timestamp: 2e12, entity: 'web', level: 'error', message: 'boom', pid: 7 }]),
    ).toEqual([{ timestamp: 2e12, entity: 'web', level: 'error', message: 'boom' }]);
  });

  it('reads changes by their usual names, with the type that the evidence implies', () => {
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

  it('takes no time before 1970, which some write for none', () => {
    expect(rows('platform_event', [{ timestamp: -3e14, entity: 'db', message: 'x' }])).toEqual([]);
    expect(rows('deployment', [{ occurredAt: '0001-01-01T00:00:00Z', service: 'web' }])).toEqual([]);
  });

  it('takes of a text what a database can hold', () => {
    const row = { timestamp: 2e12, entity: 'we\0b', message: 'New\ud83d pool', files: ['a\0.ts'] };
    expect(rows('deployment', [row])).toMatchObject([
      { service: 'we\uFFFDb', summary: 'New\uFFFD pool', paths: ['a\uFFFD.ts'] },
    ]);
    expect(rows('log', [{ ...row, message: 'x'.repeat(64 * 1024 - 1) + '🔥🔥' }])).toMatchObject([
      { message: expect.stringMatching(/^x+…$/) },
    ]);
  });

  it('takes of a name no more than sentences can be made with', () => {
    const [entity, version] = ['e'.repeat(9000), 'v'.repeat(9000)];
    expect(rows('log', [{ timestamp: 2e12, entity, message: 'boom' }])).toMatchObject([
      { entity: expect.stringMatching(/^e{499}…$/) },
    ]);
    expect(rows('deployment', [{ timestamp: 2e12, service: entity, version }])).toMatchObject([
      { service: expect.stringMatching(/^e{499}…$/), version: expect.stringMatching(/^v{499}…$/) },
    ]);
  });

  it('joins the reason of a platform event to its message', () => {
    expect(
      rows('platform_event', [{ lastTimestamp: 2e12, name: 'web-1', reason: 'OOMKilled', type: 'Warning' }]),
    ).toEqual([{ timestamp: 2e12, entity: 'web-1', message: 'OOMKilled', level: 'Warning' }]);
  });

  it('reads numbers of a database as a series and the rest as text', () => {
    expect(
      rows('database', [{ timestamp: 2e12, entity: 'db', metric: 'locks', value: 3 }, { waits: 12 }]),
    ).toEqual([{ timestamp: 2e12, entity: 'db', metric: 'locks', value: 3 }, { text: '{"waits":12}' }]);
  });

  it('takes a note as it is', () => {
    expect(rows('note', ['it began after lunch', { text: 'seen by Ann', entity: 'web' }, ''])).toEqual([
      { text: 'it began after lunch' },
      { text: 'seen by Ann', entity: 'web' },
    ]);
  });

  it('is not misled by keys that every object has', () => {
    const row: unknown = JSON.parse('{"__proto__":{"message":"x","timestamp":1},"constructor":"y"}');
    expect(rows('log', [row])).toEqual([]);
  });

  it('knows its types', () => {
    expect(isEvidenceType('log')).toBe(true);
    expect(isEvidenceType('toString')).toBe(false);
  });
});
