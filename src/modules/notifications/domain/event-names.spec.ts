import { describe, expect, it } from '@jest/globals';
import { checkNames, eventsNamed } from './event-names.js';

const PUBLISHED = ['incident.created', 'incident.status_changed', 'investigation.completed', 'user.created'];

describe('names of events', () => {
  it('stand for what they fit, once, in the order of the catalogue', () => {
    expect(eventsNamed(['user.created', 'incident.*', 'incident.created'], PUBLISHED)).toEqual([
      'incident.created',
      'incident.status_changed',
      'user.created',
    ]);
    expect(eventsNamed(['*'], PUBLISHED)).toEqual(PUBLISHED);
  });

  it('stand for nothing when the event is not there any more', () => {
    expect(eventsNamed(['roster.changed'], PUBLISHED)).toEqual([]);
  });

  it.each([
    ['incident.craeted', /"incident\.craeted" fits no event\. Near to it are incident\.created, /],
    ['investigations.*', /Near to it are investigation\.\*, /],
    ['', /"" fits no event/],
    ['x'.repeat(1000), /"x{50}" fits no event/],
  ])('are refused with the nearest ones: %s', (name, sentence) => {
    expect(() => checkNames(['*', name], PUBLISHED)).toThrow(sentence);
  });
});
