import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { INCIDENT_STATUSES, type IncidentStatus } from '../events.js';
import { Incident } from './incident.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const REPORT = {
  title: 'Checkout is down',
  description: 'All requests fail',
  severity: 'high',
  service: 'checkout',
  environment: 'production',
  tags: {},
  metadata: {},
} as const;

function incident(status: IncidentStatus = 'open'): Incident {
  const origin = { source: 'automated', provider: 'custom', sourceAlertId: 'a-1' } as const;
  const opened = Incident.open(newTenantId(), REPORT, origin, NOW);
  opened.takeRecorded();
  opened.status = status;
  return opened;
}

function moves(of: Incident): string[] {
  return of.takeRecorded().map(({ data }) => {
    const { previousStatus, newStatus } = data as { previousStatus: string; newStatus: string };
    return `${previousStatus} → ${newStatus}`;
  });
}

describe('an incident', () => {
  it('is created open, with an event, and goes to triage', () => {
    const origin = { source: 'manual', provider: null, sourceAlertId: null } as const;
    const opened = Incident.open(newTenantId(), REPORT, origin, NOW);
    opened.sentToTriage(NOW);
    expect(opened.takeRecorded().map(({ type, data }) => [type, data])).toEqual([
      [
        'incident.created',
        {
          incidentId: opened.incidentId,
          title: REPORT.title,
          severity: 'high',
          status: 'open',
          source: 'manual',
        },
      ],
      [
        'incident.status_changed',
        { incidentId: opened.incidentId, previousStatus: 'open', newStatus: 'triaging' },
      ],
    ]);
  });

  it('goes through triage when a person starts an investigation of an open one', () => {
    const open = incident('open');
    expect(open.investigationStarted(NOW)).toBe(true);
    expect(moves(open)).toEqual(['open → triaging', 'triaging → investigating']);
  });

  const steps: readonly (readonly [keyof Incident, readonly IncidentStatus[], IncidentStatus])[] = [
    ['triageStayedBelowThreshold', ['triaging'], 'open'],
    ['investigationStarted', ['open', 'triaging', 'awaiting_approval'], 'investigating'],
    ['investigationEndedWithoutProposal', ['investigating'], 'open'],
    ['approvalRequested', ['investigating', 'open'], 'awaiting_approval'],
    ['proposalsSettledWithoutApproval', ['awaiting_approval'], 'open'],
    ['executionStarted', ['awaiting_approval', 'open'], 'remediating'],
    ['remediationVerified', ['remediating'], 'resolved'],
    ['remediationFailed', ['remediating'], 'open'],
    [
      'resolvedBySource',
      ['open', 'triaging', 'investigating', 'awaiting_approval', 'remediating'],
      'resolved',
    ],
  ];

  it.each(steps)('moves by %s from %j to %s and from nowhere else', (step, legal, to) => {
    for (const status of INCIDENT_STATUSES) {
      const one = incident(status);
      const moved = (one[step] as (now: Date) => boolean).call(one, NOW);
      expect([status, moved, one.status]).toEqual([status, legal.includes(status), moved ? to : status]);
      expect(one.takeRecorded().length > 0).toBe(moved);
    }
  });

  describe('after a run', () => {
    const found = (rootCause: string | null, confidence: number, ruledOut: string[] = []) => ({
      rootCause,
      confidence,
      recommendedActions: [`Do something about ${String(rootCause)}`],
      ruledOut,
    });
    function known(status: IncidentStatus): Incident {
      const one = incident();
      one.concluded(found('deploy v42', 0.6), NOW);
      one.status = status;
      return one;
    }
    const cases: readonly (readonly [string, IncidentStatus, ReturnType<typeof found>, string | null])[] = [
      ['keeps its cause when the run found none', 'investigating', found(null, 0.1), 'deploy v42'],
      ['takes another cause, even with less confidence', 'investigating', found('disk', 0.3), 'disk'],
      ['loses a cause that the run rules out', 'investigating', found(null, 0.1, ['deploy v42']), null],
      [
        'keeps its cause when it is resolved and the run found none',
        'resolved',
        found(null, 0.1),
        'deploy v42',
      ],
      [
        'keeps it when it is resolved, even if it is ruled out',
        'resolved',
        found(null, 0.1, ['deploy v42']),
        'deploy v42',
      ],
      [
        'keeps it when it is closed and the run is not more confident',
        'closed',
        found('disk', 0.6),
        'deploy v42',
      ],
      ['takes a more confident one when it is closed', 'closed', found('disk', 0.7), 'disk'],
    ];
    it.each(cases)('%s (%s)', (_, status, conclusion, rootCause) => {
      const one = known(status);
      const before = [one.confidence, one.recommendedActions];
      one.concluded(conclusion, NOW);
      expect(one.rootCause).toBe(rootCause);
      const after = [one.confidence, one.recommendedActions];
      const isTaken = rootCause !== 'deploy v42';
      expect(after).toEqual(isTaken ? [conclusion.confidence, conclusion.recommendedActions] : before);
    });

    it('gets a missing cause, even after it was resolved', () => {
      const one = incident('resolved');
      one.concluded(found('deploy v42', 0.3), NOW);
      expect(one.rootCause).toBe('deploy v42');
      expect(one.status).toBe('resolved');
    });
  });

  it('can be resolved, reopened and closed manually', () => {
    const one = incident('remediating');
    one.setStatusManually('resolved', NOW);
    expect(one.resolvedAt).toBe(NOW);
    one.setStatusManually('open', NOW);
    expect(one.resolvedAt).toBeNull();
    one.setStatusManually('closed', NOW);
    expect(moves(one)).toEqual(['remediating → resolved', 'resolved → open', 'open → closed']);
  });

  const ofEnded: Partial<Record<IncidentStatus, readonly IncidentStatus[]>> = {
    resolved: ['open', 'closed'],
    closed: ['open'],
  };

  it.each(INCIDENT_STATUSES)('allows the manual transitions from %s and lists them in a refusal', (from) => {
    const allowed = ofEnded[from] ?? ['resolved', 'closed'];
    for (const to of INCIDENT_STATUSES) {
      const one = incident(from);
      const set = (): void => {
        one.setStatusManually(to, NOW);
      };
      if (allowed.includes(to)) expect(set).not.toThrow();
      else
        expect(set).toThrow(
          expect.objectContaining({ code: 'invalid_transition', fields: { from, to, allowed } }),
        );
      expect(one.status).toBe(allowed.includes(to) ? to : from);
    }
  });
});
