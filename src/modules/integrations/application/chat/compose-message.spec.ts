import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { IncidentSnapshot } from '#modules/ingestion/api';
import type { ProposedPlan } from '#modules/remediation/api';
import { messageAbout } from './compose-message.js';

const NOW = new Date('2026-03-01T03:00:00Z');
const incident: IncidentSnapshot = {
  tenantId: newTenantId(),
  incidentId: 'inc_1',
  title: 'Checkout fails',
  description: '',
  severity: 'critical',
  status: 'awaiting_approval',
  source: 'automated',
  provider: 'custom',
  sourceAlertId: null,
  service: 'checkout',
  environment: null,
  tags: {},
  metadata: {},
  rootCause: 'Deploy 2.4.1 of checkout',
  confidence: 0.815,
  recommendedActions: [],
  alertCount: 1,
  createdAt: NOW,
  updatedAt: NOW,
  resolvedAt: null,
};
const plan: ProposedPlan = {
  remediationId: 'rem_1',
  title: 'Roll back checkout',
  steps: [{ action: 'rollback_deployment', description: 'Roll back checkout to 2.4.0', params: {} }],
};
const about = (type: string, data: object, ...more: [IncidentSnapshot?, ProposedPlan?]) =>
  messageAbout({ event: { type, data }, trigger: 'On-call', text: null }, ...more);

describe('a message', () => {
  it('about an approval holds what is needed to decide', () => {
    const data = {
      approvalId: 'apr_1',
      remediationId: 'rem_1',
      incidentId: 'inc_1',
      expiresAt: '2026-03-01T03:30:00Z',
    };
    expect(about('approval.requested', data, incident, plan)).toEqual({
      headline: 'Approval requested',
      subject: 'Checkout fails',
      text: null,
      facts: [
        { name: 'Severity', value: 'critical' },
        { name: 'Status', value: 'awaiting_approval' },
        { name: 'Service', value: 'checkout' },
        { name: 'Root cause (confidence 82 %)', value: 'Deploy 2.4.1 of checkout' },
        { name: 'Plan', value: 'Roll back checkout' },
        { name: 'Expires at', value: '2026-03-01T03:30:00Z' },
      ],
      lists: [{ name: 'Steps', items: ['Roll back checkout to 2.4.0'] }],
      references: ['apr_1', 'rem_1', 'inc_1', 'Trigger: On-call'],
      approvalId: 'apr_1',
      isForEverybody: true,
    });
  });

  it('has the lists of its event, and repeats neither steps nor what the incident says', () => {
    const data = {
      incidentId: 'inc_1',
      remediationId: 'rem_1',
      title: 'Roll back checkout',
      steps: ['As told'],
      requiresApproval: true,
    };
    const { facts, lists } = about('remediation.proposed', data, incident, plan);
    expect(lists).toEqual([{ name: 'Steps', items: ['As told'] }]);
    expect(facts.slice(-2)).toEqual([
      { name: 'Plan', value: 'Roll back checkout' },
      { name: 'Requires approval', value: 'true' },
    ]);
  });

  it('about an incident that is gone, or about none, has what the event says', () => {
    const changed = about('incident.status_changed', {
      incidentId: 'inc_1',
      previousStatus: 'open',
      newStatus: 'closed',
    });
    expect(changed).toMatchObject({
      headline: 'Incident status changed',
      subject: null,
      facts: [
        { name: 'Previous status', value: 'open' },
        { name: 'New status', value: 'closed' },
      ],
      references: ['inc_1', 'Trigger: On-call'],
    });
    const updated = about('tenant.updated', {
      tenantId: 'ten_1',
      name: 'Acme',
      plan: 'pro',
      changes: ['plan'],
      more: null,
    });
    expect(updated).toMatchObject({ lists: [{ name: 'Changes', items: ['plan'] }] });
    expect(updated.facts.map(({ name }) => name)).toEqual(['Name', 'Plan']);
  });

  it('about a known solution says how alike it is while the incident has no confidence of its own', () => {
    const data = { incidentId: 'inc_1', matchedTitle: 'Pool exhausted', confidence: 0.87 };
    const open = { ...incident, rootCause: null, confidence: null };
    const { facts } = about('investigation.known_solution_found', data, open);
    expect(facts.slice(-2)).toEqual([
      { name: 'Matched title', value: 'Pool exhausted' },
      { name: 'Confidence', value: '0.87' },
    ]);
  });

  it.each<[boolean, string, object]>([
    [false, 'incident.created', {}],
    [false, 'investigation.progress', {}],
    [true, 'investigation.completed', {}],
    [true, 'investigation.known_solution_found', {}],
    [false, 'remediation.proposed', {}],
    [true, 'approval.requested', {}],
    [false, 'approval.resolved', {}],
    [false, 'remediation.executed', { outcome: 'success' }],
    [true, 'remediation.executed', { outcome: 'unknown' }],
    [false, 'incident.status_changed', { previousStatus: 'open', newStatus: 'triaging' }],
    [true, 'incident.status_changed', { previousStatus: 'remediating', newStatus: 'resolved' }],
    [false, 'incident.status_changed', { previousStatus: 'resolved', newStatus: 'closed' }],
    [true, 'incident.status_changed', { previousStatus: 'closed', newStatus: 'open' }],
  ])('is for everybody in the channel (%s): %s %j', (expected, type, data) => {
    expect(about(type, data).isForEverybody).toBe(expected);
  });

  it('claims no root cause that there is not', () => {
    const { facts } = about(
      'incident.created',
      { incidentId: 'inc_1' },
      { ...incident, rootCause: null, confidence: 0.1 },
    );
    expect(facts.map(({ name }) => name)).toEqual(['Severity', 'Status', 'Service']);
  });
});
