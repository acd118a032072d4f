import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { AGENTS } from '../agents/registry.js';
import { triage, type TriagedAlert } from './triage.js';

function alert(changes: Partial<TriagedAlert>): TriagedAlert {
  return {
    title: 'Something',
    description: 'Something happened',
    severity: 'medium',
    service: 'checkout',
    environment: 'production',
    tags: {},
    metadata: {},
    ...changes,
  };
}

describe('Triage', () => {
  it.each([
    ['Checkout service returning 503 for EU customers', 'availability', 'critical'],
    ['Site is down', 'availability', 'critical'],
    ['5xx error rate above 5 %', 'errors', 'high'],
    ['p99 latency above 800 ms', 'latency', 'medium'],
    ['CPU usage above 90 %', 'saturation', 'medium'],
    ['Disk almost full on db-1', 'saturation', 'high'],
    ['Certificate for www will expire in 6 days', 'availability', 'medium'],
    ['Brute force on login detected', 'security', 'critical'],
    ['Replication lag is 900 s', 'data', 'high'],
    ['Rollout of search is stuck', 'deployment', 'medium'],
    ['Hello', 'unknown', 'medium'],
  ])('reads %p as %s, %s', (title, category, severity) => {
    expect(triage(alert({ title }))).toMatchObject({ category, severity });
  });

  it('never lowers the sender’s severity in production', () => {
    expect(triage(alert({ severity: 'critical', title: 'Slow page' })).severity).toBe('critical');
  });

  it('raises a severity that the sender set too low', () => {
    expect(triage(alert({ severity: 'low', title: 'Total outage' })).severity).toBe('critical');
  });

  it('lowers one step for staging and two for test', () => {
    const severity = 'critical';
    expect(triage(alert({ severity, environment: 'staging' })).severity).toBe('high');
    expect(triage(alert({ severity, environment: 'test' })).severity).toBe('medium');
    expect(triage(alert({ severity, environment: null, tags: { env: 'dev-7' } })).severity).toBe('medium');
  });

  it('does not read an environment from the title', () => {
    expect(
      triage(alert({ severity: 'high', title: 'Latest test of payments', environment: null })).severity,
    ).toBe('high');
  });

  it('reads urgency in the terms of other tools', () => {
    expect(triage(alert({ tags: { priority: 'P1' } })).severity).toBe('critical');
    expect(triage(alert({ metadata: { severity: 'SEV-2' } })).severity).toBe('high');
    expect(triage(alert({ metadata: { severity: 7 } })).severity).toBe('medium');
  });

  it('gives its reasons as sentences', () => {
    const { decidedBecause } = triage(
      alert({ title: 'Disk full', environment: 'staging', tags: { priority: 'P2' } }),
    );
    expect(decidedBecause).toEqual([
      'The sender calls it medium.',
      'The tag “priority” says “P2”, which is high.',
      '“Disk full” in the title indicates saturation and justifies high.',
      '“Disk” in the title indicates saturation and justifies medium.',
      'staging is not production: lowered from high to medium.',
    ]);
  });

  it('summarises in one sentence', () => {
    expect(triage(alert({ title: 'Site is down' })).summary).toBe(
      'Critical availability incident on checkout (production): Site is down',
    );
  });

  it('suggests agents that exist', () => {
    const names = AGENTS.map(({ name }) => name);
    for (const title of ['Site is down', 'Rollout stuck', 'Hello']) {
      for (const name of triage(alert({ title })).suggestedAgents) expect(names).toContain(name);
    }
  });

  it('is more confident in a category that the title names and several rules agree on', () => {
    const sure = triage(alert({ title: 'Site is down, 503 everywhere, no healthy upstream' }));
    const unsure = triage(alert({ description: 'a slow query, an error, a full queue' }));
    expect(sure.confidence).toBeGreaterThan(unsure.confidence);
    expect(triage(alert({})).confidence).toBe(0.2);
  });

  it('handles hostile text in linear time', () => {
    const description = 'certificate '.repeat(1600) + 'x';
    const tags = JSON.parse('{"__proto__":"P1"}') as Record<string, string>;
    expect(inTime(() => triage(alert({ description, tags }))).severity).toBe('medium');
  });
});
