import { describe, expect, it } from '@jest/globals';
import { Refusal } from '#kernel/domain/errors';
import { EventFilter } from './event-filter.js';

const PUBLISHED = ['incident.created', 'incident.status_changed', 'incidental.noise', 'remediation.proposed'];
const filter = (events?: string, incidentId?: string) => EventFilter.of({ events, incidentId }, PUBLISHED);

describe('an event filter', () => {
  it('matches every event when absent', () => {
    expect(filter().types).toEqual(PUBLISHED);
    expect(filter('*').types).toEqual(PUBLISHED);
  });

  it('expands names and wildcards, and a wildcard ends at its dot', () => {
    expect(filter('incident.*, remediation.proposed').types).toEqual([
      'incident.created',
      'incident.status_changed',
      'remediation.proposed',
    ]);
  });

  it.each([
    '',
    'incident',
    'incident.',
    'incident*',
    '.*',
    'nothing.*',
    'incident.created,',
    'incident.*,wat',
  ])('refuses %j', (events) => {
    expect(() => filter(events)).toThrow(Refusal);
  });

  it('matches the events of one incident', () => {
    const one = filter('incident.*', 'inc_1');
    expect(one.matches({ type: 'incident.created', incidentId: 'inc_1' })).toBe(true);
    expect(one.matches({ type: 'incident.created', incidentId: 'inc_2' })).toBe(false);
    expect(one.matches({ type: 'incident.created', incidentId: null })).toBe(false);
    expect(one.matches({ type: 'remediation.proposed', incidentId: 'inc_1' })).toBe(false);
  });

  it('has the same key for equivalent patterns', () => {
    expect(filter('incident.status_changed,incident.created').key).toBe(filter('incident.*').key);
    expect(filter('incident.*', 'inc_1').key).not.toBe(filter('incident.*').key);
  });
});
